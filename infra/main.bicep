// A Pipeyard workspace in a resource group of its own. `azd up` deploys it; docs/deploying.md explains the parameters.

targetScope = 'subscription'

@description('Name of the azd environment; part of the resource group\'s name and a tag of everything.')
@minLength(1)
@maxLength(64)
param environmentName string

@description('Azure region of everything.')
@minLength(1)
@metadata({
  azd: {
    type: 'location'
  }
})
param location string

@description('Name of the workspace, shown to people and scripts; empty for the environment\'s name.')
param workspaceName string = ''

@description('Tags of every resource, besides those that azd and Pipeyard set.')
param extraTags object = {}

@description('Application in Entra ID that callers\' tokens must be meant for. The preprovision hook makes one where none is given.')
param clientId string = ''

@description('Whether App Service authentication stands before the app, besides the app\'s own check of every token.')
param platformAuthentication bool = false

@description('Client ids that may call through it, separated by commas; the Azure CLI unless something else is said.')
param platformCallers string = '04b07795-8ddb-461a-bbee-02f9e1bf7b46'

@description('How storage is replicated.')
@allowed([
  'Standard_LRS'
  'Standard_ZRS'
  'Standard_GRS'
  'Standard_GZRS'
])
param storageSku string = 'Standard_LRS'

@description('Days for which deleted blobs and containers can be restored.')
@minValue(1)
@maxValue(365)
param softDeleteDays int = 7

@description('Whether deleted vaults stay restorable for 90 days whatever anybody does. Their names cannot be used again for as long.')
param purgeProtection bool = true

@description('Days after which logs of steps go to the cool tier: cheaper to keep, dearer to read; 0 leaves them.')
@minValue(0)
param coolLogsAfterDays int = 30

@description('Memory of an instance of the app in MB.')
@allowed([
  512
  2048
  4096
])
param instanceMemoryMB int = 2048

@description('Most instances of the app at a time.')
@minValue(40)
@maxValue(1000)
param maximumInstanceCount int = 40

@description('Most HTTP requests that one instance serves at a time.')
@minValue(1)
@maxValue(1000)
param httpConcurrency int = 8

@description('Most steps of a run in flight, where neither run nor pipeline says; empty for the default.')
param maxParallelSteps string = ''

@description('Most runs that a caller may start in a minute; empty for the default.')
param runsPerMinute string = ''

@description('Most runs under way; empty for the default.')
param maxActiveRuns string = ''

@description('Seconds after the first failed try of a webhook; empty for the default.')
param webhookRetrySeconds string = ''

@description('Whether the workspace removes once a day what the days below do not keep.')
param purge bool = false

@description('Days for which ended runs are kept; empty for the default.')
param keepRunsDays string = ''

@description('Days for which a result is kept that no run has stood on; empty for the default.')
param keepReuseDays string = ''

@description('Days for which lines of the audit log are kept; empty for the default.')
param keepAuditDays string = ''

@description('Days for which histories of orchestrations, schedules and deliveries are kept; empty for the default.')
param keepHistoryDays string = ''

@description('Days for which content is kept that nothing refers to; empty for the default.')
param keepUnusedDays string = ''

@description('URL of an Azure Files share behind the datastore workspacefilestore; empty for none.')
param fileStoreUrl string = ''

@description('Whether storage and vault are reached through a network of the workspace\'s own and in no other way.')
param privateNetwork bool = false

@description('Addresses of that network.')
param networkPrefix string = '10.87.0.0/24'

@description('Addresses of the subnet that the app reaches out from, a /27 or larger.')
param appSubnetPrefix string = '10.87.0.0/26'

@description('Addresses of the subnet with the private endpoints.')
param endpointSubnetPrefix string = '10.87.0.64/26'

@description('Where Durable Functions keeps its histories: queues and tables, or the Durable Task Scheduler.')
@allowed([
  'AzureStorage'
  'DurableTaskScheduler'
])
param durableBackend string = 'AzureStorage'

@description('Whether to make an Azure Machine Learning workspace with a cluster.')
param machineLearning bool = false

@description('Resource id of an Azure Machine Learning workspace of yours that runs AmlCompute targets instead; empty for none. Give the app its roles there yourself.')
param machineLearningWorkspaceId string = ''

@description('Name of the cluster.')
@minLength(3)
@maxLength(24)
param clusterName string = 'cpu-cluster'

@description('Size of the cluster\'s machines.')
param clusterVmSize string = 'Standard_DS3_v2'

@description('Whether Azure may take the cluster\'s machines away.')
@allowed([
  'Dedicated'
  'LowPriority'
])
param clusterVmPriority string = 'LowPriority'

@description('Most machines of the cluster at a time.')
@minValue(1)
@maxValue(100)
param clusterMaxNodes int = 4

@description('Whether to make a Databricks workspace.')
param databricks bool = false

@description('Days for which logs and traces are kept.')
@minValue(30)
@maxValue(730)
param logRetentionDays int = 30

@description('Most gigabytes of logs taken in a day; -1 is no limit.')
param logQuotaGb int = 1

@description('Who gets alerts and messages of the budget; empty for nobody, which makes neither.')
param alertEmail string = ''

@description('What a month may cost before a message comes, in the currency of the subscription; 0 for no budget.')
@minValue(0)
param monthlyBudget int = 0

@description('First day of the month in which the budget began. The preprovision hook sets it once.')
param budgetStartDate string = ''

var abbreviations = loadJsonContent('./abbreviations.json')
var token = toLower(uniqueString(subscription().id, environmentName, location))
var tags = union(extraTags, {
  'azd-env-name': environmentName
  application: 'pipeyard'
})
var publicNetworkAccess = privateNetwork ? 'Disabled' : 'Enabled'
var packageContainer = 'app-package'
var deadLetterContainer = 'undelivered-events'
var systemContainer = 'pipeyard'
var defaultDatastoreContainer = 'azureml-blobstore'
var taskHubName = 'pipeyard${token}'

var expireDeadLetters = {
  name: 'undelivered-events'
  enabled: true
  type: 'Lifecycle'
  definition: {
    filters: {
      blobTypes: [
        'blockBlob'
      ]
      prefixMatch: [
        '${deadLetterContainer}/'
      ]
    }
    actions: {
      baseBlob: {
        delete: {
          daysAfterModificationGreaterThan: 30
        }
      }
    }
  }
}

var coolLogs = {
  name: 'logs-of-steps'
  enabled: true
  type: 'Lifecycle'
  definition: {
    filters: {
      blobTypes: [
        'blockBlob'
      ]
      prefixMatch: [
        'azureml/ExperimentRun/'
      ]
    }
    actions: {
      baseBlob: {
        tierToCool: {
          daysAfterModificationGreaterThan: coolLogsAfterDays
        }
      }
    }
  }
}

resource group 'Microsoft.Resources/resourceGroups@2024-11-01' = {
  name: '${abbreviations.resourceGroup}${environmentName}'
  location: location
  tags: tags
}

module identity 'modules/identity.bicep' = {
  scope: group
  name: 'identity'
  params: {
    name: '${abbreviations.identity}${token}'
    location: location
    tags: tags
  }
}

module monitoring 'modules/monitoring.bicep' = {
  scope: group
  name: 'monitoring'
  params: {
    logAnalyticsName: '${abbreviations.logAnalytics}${token}'
    applicationInsightsName: '${abbreviations.applicationInsights}${token}'
    location: location
    tags: tags
    retentionDays: logRetentionDays
    dailyQuotaGb: logQuotaGb
  }
}

// Two accounts: the host's traffic must not slow down the workspace's state, and the host's rights end at its own.
module hostStorage 'modules/storage.bicep' = {
  scope: group
  name: 'host-storage'
  params: {
    name: '${abbreviations.storageAccount}host${token}'
    location: location
    tags: tags
    sku: storageSku
    containers: [
      packageContainer
    ]
    softDeleteDays: softDeleteDays
    publicNetworkAccess: publicNetworkAccess
  }
}

module dataStorage 'modules/storage.bicep' = {
  scope: group
  name: 'data-storage'
  params: {
    name: '${abbreviations.storageAccount}data${token}'
    location: location
    tags: tags
    sku: storageSku
    containers: [
      systemContainer
      'azureml'
      defaultDatastoreContainer
      deadLetterContainer
    ]
    tables: [
      'Audit'
      'Catalogue'
      'Leases'
      'Reuse'
      'RunIndex'
      'Runs'
    ]
    lifecycleRules: coolLogsAfterDays == 0 ? [expireDeadLetters] : [expireDeadLetters, coolLogs]
    softDeleteDays: softDeleteDays
    publicNetworkAccess: publicNetworkAccess
  }
}

module vault 'modules/key-vault.bicep' = {
  scope: group
  name: 'key-vault'
  params: {
    name: '${abbreviations.keyVault}${token}'
    location: location
    tags: tags
    publicNetworkAccess: publicNetworkAccess
    purgeProtection: purgeProtection
    logAnalyticsId: monitoring.outputs.logAnalyticsId
  }
}

module events 'modules/events.bicep' = {
  scope: group
  name: 'events'
  params: {
    name: '${abbreviations.systemTopic}${token}'
    location: location
    tags: tags
    storageAccountName: dataStorage.outputs.name
  }
}

module network 'modules/network.bicep' = if (privateNetwork) {
  scope: group
  name: 'network'
  params: {
    name: '${abbreviations.virtualNetwork}${token}'
    location: location
    tags: tags
    addressPrefix: networkPrefix
    appSubnetPrefix: appSubnetPrefix
    endpointSubnetPrefix: endpointSubnetPrefix
    endpointPrefix: abbreviations.privateEndpoint
    hostAccountId: hostStorage.outputs.id
    dataAccountId: dataStorage.outputs.id
    keyVaultId: vault.outputs.id
  }
}

module scheduler 'modules/durable-task-scheduler.bicep' = if (durableBackend == 'DurableTaskScheduler') {
  scope: group
  name: 'durable-task-scheduler'
  params: {
    name: '${abbreviations.durableTaskScheduler}${token}'
    taskHubName: taskHubName
    location: location
    tags: tags
  }
}

module learningStorage 'modules/storage.bicep' = if (machineLearning) {
  scope: group
  name: 'machine-learning-storage'
  params: {
    name: '${abbreviations.storageAccount}ml${token}'
    location: location
    tags: tags
    sku: storageSku
    containers: []
    softDeleteDays: softDeleteDays
    publicNetworkAccess: 'Enabled'
  }
}

module learningVault 'modules/key-vault.bicep' = if (machineLearning) {
  scope: group
  name: 'machine-learning-key-vault'
  params: {
    name: '${abbreviations.keyVault}ml-${token}'
    location: location
    tags: tags
    publicNetworkAccess: 'Enabled'
    purgeProtection: purgeProtection
    logAnalyticsId: monitoring.outputs.logAnalyticsId
  }
}

module learning 'modules/machine-learning.bicep' = if (machineLearning) {
  scope: group
  name: 'machine-learning'
  params: {
    name: '${abbreviations.machineLearning}${token}'
    location: location
    tags: tags
    storageAccountId: learningStorage!.outputs.id
    keyVaultId: learningVault!.outputs.id
    applicationInsightsId: monitoring.outputs.applicationInsightsId
    jobIdentityName: '${abbreviations.identity}jobs-${token}'
    clusterName: clusterName
    vmSize: clusterVmSize
    vmPriority: clusterVmPriority
    maxNodes: clusterMaxNodes
  }
}

module databricksWorkspace 'modules/databricks.bicep' = if (databricks) {
  scope: group
  name: 'databricks'
  params: {
    name: '${abbreviations.databricks}${token}'
    location: location
    tags: tags
  }
}

module roles 'modules/roles.bicep' = {
  scope: group
  name: 'roles'
  params: {
    appPrincipalId: identity.outputs.principalId
    hostAccountName: hostStorage.outputs.name
    dataAccountName: dataStorage.outputs.name
    systemContainer: systemContainer
    defaultContainer: defaultDatastoreContainer
    deadLetterContainer: deadLetterContainer
    keyVaultName: vault.outputs.name
    applicationInsightsName: monitoring.outputs.applicationInsightsName
    topicPrincipalId: events.outputs.principalId
    schedulerName: durableBackend == 'DurableTaskScheduler' ? scheduler!.outputs.name : ''
    machineLearningName: machineLearning ? learning!.outputs.name : ''
    machineLearningPrincipalId: machineLearning ? learning!.outputs.principalId : ''
    machineLearningStorageName: machineLearning ? learningStorage!.outputs.name : ''
    jobIdentityName: machineLearning ? learning!.outputs.jobIdentityName : ''
    jobPrincipalId: machineLearning ? learning!.outputs.jobIdentityPrincipalId : ''
    databricksName: databricks ? databricksWorkspace!.outputs.name : ''
  }
}

// After the roles and the private endpoints: a first start without them ends in refusals until the next one.
module app 'modules/function-app.bicep' = {
  scope: group
  name: 'function-app'
  dependsOn: [
    roles
  ]
  params: {
    name: '${abbreviations.functionApp}${token}'
    planName: '${abbreviations.functionPlan}${token}'
    location: location
    tags: tags
    identityId: identity.outputs.id
    identityClientId: identity.outputs.clientId
    hostBlobEndpoint: hostStorage.outputs.blobEndpoint
    hostQueueEndpoint: hostStorage.outputs.queueEndpoint
    hostTableEndpoint: hostStorage.outputs.tableEndpoint
    packageContainer: packageContainer
    dataAccountName: dataStorage.outputs.name
    dataBlobEndpoint: dataStorage.outputs.blobEndpoint
    dataQueueEndpoint: dataStorage.outputs.queueEndpoint
    keyVaultUri: vault.outputs.uri
    applicationInsightsConnectionString: monitoring.outputs.connectionString
    taskHubName: taskHubName
    durableTaskEndpoint: durableBackend == 'DurableTaskScheduler' ? scheduler!.outputs.endpoint : ''
    subnetId: privateNetwork ? network!.outputs.appSubnetId : ''
    instanceMemoryMB: instanceMemoryMB
    maximumInstanceCount: maximumInstanceCount
    httpConcurrency: httpConcurrency
    workspaceName: empty(workspaceName) ? environmentName : workspaceName
    clientId: clientId
    fileStoreUrl: fileStoreUrl
    machineLearningWorkspaceId: machineLearning ? learning!.outputs.id : machineLearningWorkspaceId
    maxParallelSteps: maxParallelSteps
    runsPerMinute: runsPerMinute
    maxActiveRuns: maxActiveRuns
    webhookRetrySeconds: webhookRetrySeconds
    purge: purge
    keepRunsDays: keepRunsDays
    keepReuseDays: keepReuseDays
    keepAuditDays: keepAuditDays
    keepHistoryDays: keepHistoryDays
    keepUnusedDays: keepUnusedDays
  }
}

module authentication 'modules/authentication.bicep' = if (platformAuthentication && !empty(clientId)) {
  scope: group
  name: 'authentication'
  params: {
    functionAppName: app.outputs.name
    clientId: clientId
    callers: split(platformCallers, ',')
  }
}

module workbook 'modules/workbook.bicep' = {
  scope: group
  name: 'workbook'
  params: {
    location: location
    tags: tags
    title: 'Pipeyard: ${empty(workspaceName) ? environmentName : workspaceName}'
    applicationInsightsId: monitoring.outputs.applicationInsightsId
  }
}

module alerts 'modules/alerts.bicep' = if (!empty(alertEmail)) {
  scope: group
  name: 'alerts'
  params: {
    namePrefix: abbreviations.alertRule
    actionGroupName: '${abbreviations.actionGroup}${token}'
    location: location
    tags: tags
    email: alertEmail
    applicationInsightsId: monitoring.outputs.applicationInsightsId
    storageAccountIds: [
      hostStorage.outputs.id
      dataStorage.outputs.id
    ]
    topicId: events.outputs.id
  }
}

module budget 'modules/budget.bicep' = if (!empty(alertEmail) && monthlyBudget > 0 && !empty(budgetStartDate)) {
  scope: group
  name: 'budget'
  params: {
    name: '${abbreviations.budget}${environmentName}'
    amount: monthlyBudget
    startDate: budgetStartDate
    email: alertEmail
  }
}

output AZURE_LOCATION string = location
output AZURE_TENANT_ID string = tenant().tenantId
output AZURE_RESOURCE_GROUP string = group.name
output AZURE_FUNCTION_NAME string = app.outputs.name
output PIPEYARD_URL string = app.outputs.url
output PIPEYARD_KEY_VAULT_NAME string = vault.outputs.name
output PIPEYARD_STORAGE_ACCOUNT string = dataStorage.outputs.name
output PIPEYARD_EVENT_TOPIC string = events.outputs.name
output PIPEYARD_DEFAULT_CONTAINER string = defaultDatastoreContainer
output PIPEYARD_DEAD_LETTER_CONTAINER string = deadLetterContainer
output PIPEYARD_APP_PRINCIPAL_ID string = identity.outputs.principalId
output PIPEYARD_APP_CLIENT_ID string = identity.outputs.clientId
output AZURE_ML_WORKSPACE_ID string = machineLearning ? learning!.outputs.id : machineLearningWorkspaceId
output AZURE_ML_CLUSTER string = machineLearning ? learning!.outputs.clusterName : ''
output AZURE_ML_JOB_IDENTITY_ID string = machineLearning ? learning!.outputs.jobIdentityId : ''
output AZURE_DATABRICKS_URL string = databricks ? databricksWorkspace!.outputs.url : ''
output DURABLE_TASK_DASHBOARD string = durableBackend == 'DurableTaskScheduler' ? scheduler!.outputs.dashboardUrl : ''
