// The dashboard: infra/workbook.json, shown in the portal under Application Insights, Workbooks.

@description('Azure region.')
param location string

@description('Tags of every resource.')
param tags object

@description('Name that people see.')
param title string

@description('Application Insights component that its queries run on.')
param applicationInsightsId string

resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  name: guid(applicationInsightsId, 'pipeyard')
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    displayName: title
    category: 'workbook'
    sourceId: applicationInsightsId
    serializedData: loadTextContent('../workbook.json')
    version: '1.0'
  }
}

output id string = workbook.id
