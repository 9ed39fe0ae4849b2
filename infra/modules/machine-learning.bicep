// An Azure Machine Learning workspace with one cluster that shrinks to nothing. Its storage and vault are its own, so
// that its identity, which Azure gives rights on both, sees nothing of Pipeyard's.

@description('Name of the workspace.')
param name string

@description('Azure region.')
param location string

@description('Tags of every resource.')
param tags object

@description('Storage account of the workspace, not that of Pipeyard.')
param storageAccountId string

@description('Key vault of the workspace, not that of Pipeyard.')
param keyVaultId string

@description('Application Insights component that the workspace requires.')
param applicationInsightsId string

@description('Name of the identity that jobs run as.')
param jobIdentityName string

@description('Name of the cluster: what compute targets of type AmlCompute call `cluster_name`.')
param clusterName string

@description('Size of its machines.')
param vmSize string

@description('Low priority costs a fraction, and Azure may take a machine away at any time: its step is then repeated.')
@allowed([
  'Dedicated'
  'LowPriority'
])
param vmPriority string

@description('Most machines at a time.')
@minValue(1)
@maxValue(100)
param maxNodes int

resource jobIdentity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: jobIdentityName
  location: location
  tags: tags
}

resource workspace 'Microsoft.MachineLearningServices/workspaces@2024-10-01' = {
  //checkov:skip=CKV_AZURE_243:The app starts jobs over the service's public address, by identity; a workspace of yours can be named instead
  name: name
  location: location
  tags: tags
  kind: 'Default'
  sku: {
    name: 'Basic'
    tier: 'Basic'
  }
  identity: {
    type: 'SystemAssigned'
  }
  properties: {
    friendlyName: name
    storageAccount: storageAccountId
    keyVault: keyVaultId
    applicationInsights: applicationInsightsId
    publicNetworkAccess: 'Enabled'
    systemDatastoresAuthMode: 'identity'
    managedNetwork: {
      isolationMode: 'Disabled'
    }
    v1LegacyMode: false
  }
}

resource cluster 'Microsoft.MachineLearningServices/workspaces/computes@2024-10-01' = {
  parent: workspace
  name: clusterName
  location: location
  tags: tags
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${jobIdentity.id}': {}
    }
  }
  properties: {
    computeType: 'AmlCompute'
    disableLocalAuth: true
    properties: {
      vmSize: vmSize
      vmPriority: vmPriority
      osType: 'Linux'
      remoteLoginPortPublicAccess: 'Disabled'
      enableNodePublicIp: true
      scaleSettings: {
        minNodeCount: 0
        maxNodeCount: maxNodes
        nodeIdleTimeBeforeScaleDown: 'PT5M'
      }
    }
  }
}

output id string = workspace.id
output name string = workspace.name
output principalId string = workspace.identity.principalId
output clusterName string = cluster.name
output jobIdentityName string = jobIdentity.name
output jobIdentityId string = jobIdentity.id
output jobIdentityPrincipalId string = jobIdentity.properties.principalId
