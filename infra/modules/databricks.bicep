// A Databricks workspace. Who may run jobs in it is decided inside it: docs/deploying.md says how the app is let in.

@description('Name of the workspace.')
param name string

@description('Azure region.')
param location string

@description('Tags of every resource.')
param tags object

resource workspace 'Microsoft.Databricks/workspaces@2024-05-01' = {
  //checkov:skip=CKV_AZURE_158:Clients and the app come from outside; a workspace in a network of your own is attached by its address instead
  //checkov:skip=CKV2_AZURE_48:Keys of Microsoft's are enough for scratch files; data stays on the datastores
  name: name
  location: location
  tags: tags
  sku: {
    name: 'premium'
  }
  properties: {
    managedResourceGroupId: subscriptionResourceId('Microsoft.Resources/resourceGroups', '${resourceGroup().name}-${name}')
    publicNetworkAccess: 'Enabled'
    requiredNsgRules: 'AllRules'
    parameters: {
      enableNoPublicIp: {
        value: true
      }
      requireInfrastructureEncryption: {
        value: true
      }
    }
  }
}

output id string = workspace.id
output name string = workspace.name
output url string = 'https://${workspace.properties.workspaceUrl}'
