// The managed back-end of Durable Functions, instead of queues and tables of the host's storage account.

@description('Name of the scheduler.')
param name string

@description('Name of the task hub.')
param taskHubName string

@description('Azure region; the scheduler is not offered in all of them.')
param location string

@description('Tags of every resource.')
param tags object

resource scheduler 'Microsoft.DurableTask/schedulers@2025-11-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    ipAllowlist: [
      '0.0.0.0/0' // whoever comes needs the role besides
    ]
    sku: {
      name: 'Consumption'
    }
  }
}

resource hub 'Microsoft.DurableTask/schedulers/taskHubs@2025-11-01' = {
  parent: scheduler
  name: taskHubName
}

output name string = scheduler.name
output endpoint string = scheduler.properties.endpoint
output dashboardUrl string = hub.properties.dashboardUrl
