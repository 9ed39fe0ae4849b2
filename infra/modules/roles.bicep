// Every right that something of this workspace has in Azure, and the only place where rights are given. A description
// begins with what needs the role; a test looks whether that exists.

@description('Principal id of the app\'s identity.')
param appPrincipalId string

@description('Storage account of the Functions host.')
param hostAccountName string

@description('Storage account with the workspace\'s state and default datastore.')
param dataAccountName string

@description('Container of that account with definitions, snapshots and files of jobs.')
param systemContainer string

@description('Container of that account that is the default datastore.')
param defaultContainer string

@description('Container of that account for events that could not be delivered.')
param deadLetterContainer string

@description('Key vault of the workspace.')
param keyVaultName string

@description('Application Insights component.')
param applicationInsightsName string

@description('Principal id of the Event Grid topic\'s identity.')
param topicPrincipalId string

@description('Durable Task Scheduler; empty for none.')
param schedulerName string

@description('Azure Machine Learning workspace; empty for none.')
param machineLearningName string

@description('Principal id of its own identity; empty for none.')
param machineLearningPrincipalId string

@description('Storage account of that workspace; empty for none.')
param machineLearningStorageName string

@description('Identity that its jobs run as; empty for none.')
param jobIdentityName string

@description('Principal id of that identity; empty for none.')
param jobPrincipalId string

@description('Databricks workspace; empty for none.')
param databricksName string

var roles = {
  azureMlComputeOperator: 'e503ece1-11d0-4e8e-8e2c-7a6c3bf38815'
  azureMlDataScientist: 'f6c7c914-8db3-469d-8ca1-694a8f32e121'
  durableTaskDataContributor: '0ad04412-c4d5-4796-b79c-f76d14c8d402'
  keyVaultSecretsOfficer: 'b86a8fe4-44ce-4948-aee5-eccb2c155cd7'
  managedIdentityOperator: 'f1a07417-d97a-45cb-824c-7a7467783830'
  monitoringMetricsPublisher: '3913510d-42f4-4e42-8a64-420c390055eb'
  reader: 'acdd72a7-3385-48ef-bd42-f606fba81ae7'
  storageBlobDataContributor: 'ba92f5b4-2d11-453d-a403-e96b0029c9fe'
  storageBlobDataOwner: 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b'
  storageBlobDataReader: '2a2b9908-6ea1-4ae2-8e65-a410df84e7d1'
  storageQueueDataContributor: '974c5e8b-45b9-4653-ba55-5f855dd0fb88'
  storageTableDataContributor: '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3'
}

resource hostAccount 'Microsoft.Storage/storageAccounts@2025-06-01' existing = {
  name: hostAccountName
}

resource dataAccount 'Microsoft.Storage/storageAccounts@2025-06-01' existing = {
  name: dataAccountName
}

resource dataBlobs 'Microsoft.Storage/storageAccounts/blobServices@2025-01-01' existing = {
  parent: dataAccount
  name: 'default'
}

resource systemFiles 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-01-01' existing = {
  parent: dataBlobs
  name: systemContainer
}

resource defaultDatastore 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-01-01' existing = {
  parent: dataBlobs
  name: defaultContainer
}

resource deadLetters 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-01-01' existing = {
  parent: dataBlobs
  name: deadLetterContainer
}

resource vault 'Microsoft.KeyVault/vaults@2024-11-01' existing = {
  name: keyVaultName
}

resource applicationInsights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: applicationInsightsName
}

resource scheduler 'Microsoft.DurableTask/schedulers@2025-11-01' existing = {
  name: empty(schedulerName) ? 'none' : schedulerName
}

resource machineLearning 'Microsoft.MachineLearningServices/workspaces@2024-10-01' existing = {
  name: empty(machineLearningName) ? 'none' : machineLearningName
}

resource learningAccount 'Microsoft.Storage/storageAccounts@2025-06-01' existing = {
  name: empty(machineLearningStorageName) ? 'none' : machineLearningStorageName
}

resource jobIdentity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = {
  name: empty(jobIdentityName) ? 'none' : jobIdentityName
}

resource databricks 'Microsoft.Databricks/workspaces@2024-05-01' existing = {
  name: empty(databricksName) ? 'none' : databricksName
}

resource hostBlobs 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: hostAccount
  name: guid(hostAccount.id, appPrincipalId, roles.storageBlobDataOwner)
  properties: {
    description: 'host.json: the host\'s locks and keys, the deployed package, leases and large messages of the task hub'
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.storageBlobDataOwner)
  }
}

resource hostQueues 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: hostAccount
  name: guid(hostAccount.id, appPrincipalId, roles.storageQueueDataContributor)
  properties: {
    description: 'host.json: queues of the task hub'
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.storageQueueDataContributor)
  }
}

resource hostTables 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: hostAccount
  name: guid(hostAccount.id, appPrincipalId, roles.storageTableDataContributor)
  properties: {
    description: 'host.json: histories and instances of the task hub'
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.storageTableDataContributor)
  }
}

resource dataBlobOwner 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: dataAccount
  name: guid(dataAccount.id, appPrincipalId, roles.storageBlobDataOwner)
  properties: {
    description: 'triggers/blob_arrived.py: what a blob trigger with events asks for; includes what shared/adapters/storage/blobs.py and the signing of addresses need'
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.storageBlobDataOwner)
  }
}

resource dataQueues 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: dataAccount
  name: guid(dataAccount.id, appPrincipalId, roles.storageQueueDataContributor)
  properties: {
    description: 'triggers/blob_arrived.py: poison messages of the blob trigger'
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.storageQueueDataContributor)
  }
}

resource dataTables 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: dataAccount
  name: guid(dataAccount.id, appPrincipalId, roles.storageTableDataContributor)
  properties: {
    description: 'shared/adapters/tables.py: runs, results, catalogue, leases, audit log'
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.storageTableDataContributor)
  }
}

resource secrets 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: vault
  name: guid(vault.id, appPrincipalId, roles.keyVaultSecretsOfficer)
  properties: {
    description: 'shared/adapters/secrets/key_vault.py: reads, writes and deletes secrets of datastores, computes, webhooks and run tokens'
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.keyVaultSecretsOfficer)
  }
}

resource telemetry 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: applicationInsights
  name: guid(applicationInsights.id, appPrincipalId, roles.monitoringMetricsPublisher)
  properties: {
    description: 'shared/adapters/azure_monitor.py: logs, traces and metrics, since keys do not open the component'
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.monitoringMetricsPublisher)
  }
}

resource taskHub 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(schedulerName)) {
  scope: scheduler
  name: guid(scheduler.id, appPrincipalId, roles.durableTaskDataContributor)
  properties: {
    description: 'orchestrators: histories and messages in the scheduler'
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.durableTaskDataContributor)
  }
}

resource machineLearningJobs 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(machineLearningName)) {
  scope: machineLearning
  name: guid(machineLearning.id, appPrincipalId, roles.azureMlDataScientist)
  properties: {
    description: 'shared/adapters/azure_ml: submits, watches and cancels jobs'
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.azureMlDataScientist)
  }
}

resource machineLearningClusters 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(machineLearningName)) {
  scope: machineLearning
  name: guid(machineLearning.id, appPrincipalId, roles.azureMlComputeOperator)
  properties: {
    description: 'shared/adapters/azure_ml: creates, scales and deletes clusters of compute targets'
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.azureMlComputeOperator)
  }
}

resource machineLearningJobIdentity 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(jobIdentityName)) {
  scope: jobIdentity
  name: guid(jobIdentity.id, appPrincipalId, roles.managedIdentityOperator)
  properties: {
    description: 'shared/adapters/azure_ml: gives the clusters that it creates the identity of jobs, where a compute target says so'
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.managedIdentityOperator)
  }
}

resource jobFiles 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(jobPrincipalId)) {
  scope: systemFiles
  name: guid(systemFiles.id, jobPrincipalId, roles.storageBlobDataReader)
  properties: {
    description: 'runner/node.py: what the workspace has put there for the job; everything else comes by signed addresses'
    principalId: jobPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.storageBlobDataReader)
  }
}

resource jobData 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(jobPrincipalId)) {
  scope: defaultDatastore
  name: guid(defaultDatastore.id, jobPrincipalId, roles.storageBlobDataContributor)
  properties: {
    description: 'runner/placement.py: inputs and outputs that are mounted'
    principalId: jobPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.storageBlobDataContributor)
  }
}

resource jobRecords 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(machineLearningStorageName)) {
  scope: learningAccount
  name: guid(learningAccount.id, jobPrincipalId, roles.storageBlobDataContributor)
  properties: {
    description: 'shared/adapters/azure_ml: logs and code that Azure ML keeps for its jobs on the workspace\'s own account, to which there are no keys'
    principalId: jobPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.storageBlobDataContributor)
  }
}

resource jobCode 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(machineLearningPrincipalId)) {
  scope: systemFiles
  name: guid(systemFiles.id, machineLearningPrincipalId, roles.storageBlobDataReader)
  properties: {
    description: 'shared/adapters/azure_ml/assets.py: Azure ML takes the code of jobs from there'
    principalId: machineLearningPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.storageBlobDataReader)
  }
}

resource databricksAddress 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(databricksName)) {
  scope: databricks
  name: guid(databricks.id, appPrincipalId, roles.reader)
  properties: {
    description: 'shared/adapters/databricks: finds the address of a workspace that is named by its resource id'
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.reader)
  }
}

resource undelivered 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: deadLetters
  name: guid(deadLetters.id, topicPrincipalId, roles.storageBlobDataContributor)
  properties: {
    description: 'infra/hooks/event-subscription.sh: Event Grid keeps events there that the app did not take'
    principalId: topicPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.storageBlobDataContributor)
  }
}
