// The function app on Flex Consumption, and its settings: those of the Functions host, and those of shared/config.py.
// A test compares the settings here with the ones that the code reads. An empty value counts as not set, so that the
// code's own default applies.

@description('Name of the function app.')
param name string

@description('Name of its plan.')
param planName string

@description('Azure region.')
param location string

@description('Tags of every resource.')
param tags object

@description('Resource id of the identity that the app acts as.')
param identityId string

@description('Client id of the identity.')
param identityClientId string

@description('Blob endpoint of the host\'s storage account.')
param hostBlobEndpoint string

@description('Queue endpoint of the host\'s storage account.')
param hostQueueEndpoint string

@description('Table endpoint of the host\'s storage account.')
param hostTableEndpoint string

@description('Container of the host\'s storage account that holds the deployed package.')
param packageContainer string

@description('Name of the storage account with the workspace\'s state and default datastore.')
param dataAccountName string

@description('Blob endpoint of that account, for the blob trigger.')
param dataBlobEndpoint string

@description('Queue endpoint of that account, for the blob trigger\'s poison messages.')
param dataQueueEndpoint string

@description('URL of the vault that keeps secrets.')
param keyVaultUri string

@description('Where telemetry goes. It names a component and opens nothing: that takes the identity.')
param applicationInsightsConnectionString string

@description('Name of the durable task hub.')
param taskHubName string

@description('Endpoint of a Durable Task Scheduler; empty for queues and tables of the host\'s account.')
param durableTaskEndpoint string

@description('Subnet that the app reaches out from; empty for none.')
param subnetId string

@description('Memory of an instance in MB; 2048 goes with one core.')
@allowed([
  512
  2048
  4096
])
param instanceMemoryMB int

@description('Most instances at a time.')
@minValue(40)
@maxValue(1000)
param maximumInstanceCount int

@description('Most HTTP requests that one instance serves at a time; without it, it would be one.')
@minValue(1)
@maxValue(1000)
param httpConcurrency int

@description('Name of the workspace, shown to people and scripts.')
param workspaceName string

@description('Application in Entra ID that callers\' tokens must be meant for.')
param clientId string

@description('URL of a share behind the datastore `workspacefilestore`; empty for none.')
param fileStoreUrl string

@description('Resource id of the Azure Machine Learning workspace that runs AmlCompute targets; empty for none.')
param machineLearningWorkspaceId string

@description('Most steps of a run in flight, where nothing else says; empty for the default.')
param maxParallelSteps string

@description('Most runs that a caller may start in a minute; empty for the default.')
param runsPerMinute string

@description('Most runs under way; empty for the default.')
param maxActiveRuns string

@description('Seconds after the first failed try of a webhook; empty for the default.')
param webhookRetrySeconds string

@description('Whether the workspace removes once a day what the days below do not keep.')
param purge bool

@description('Days for which ended runs are kept; empty for the default.')
param keepRunsDays string

@description('Days for which a result is kept that no run has stood on; empty for the default.')
param keepReuseDays string

@description('Days for which lines of the audit log are kept; empty for the default.')
param keepAuditDays string

@description('Days for which histories of orchestrations, schedules and deliveries are kept; empty for the default.')
param keepHistoryDays string

@description('Days for which content is kept that nothing refers to; empty for the default.')
param keepUnusedDays string

resource plan 'Microsoft.Web/serverfarms@2025-03-01' = {
  //checkov:skip=CKV_AZURE_225:Zone redundancy takes two instances that always run
  name: planName
  location: location
  tags: tags
  kind: 'functionapp'
  sku: {
    name: 'FC1'
    tier: 'FlexConsumption'
  }
  properties: {
    reserved: true
    zoneRedundant: false
  }
}

resource app 'Microsoft.Web/sites@2025-03-01' = {
  //checkov:skip=CKV_AZURE_17:Callers come with tokens of Entra ID and jobs with run tokens; neither has a certificate
  //checkov:skip=CKV_AZURE_212:No instance stands by on purpose: while nothing runs, nothing runs
  //checkov:skip=CKV_AZURE_213:Health checks would keep an instance awake, and Flex Consumption replaces instances by itself
  //checkov:skip=CKV_AZURE_222:Clients, jobs and Event Grid call from outside; every request needs a token or a key
  name: name
  location: location
  tags: union(tags, {
    'azd-service-name': 'api'
  })
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${identityId}': {}
    }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    clientCertEnabled: false
    publicNetworkAccess: 'Enabled'
    keyVaultReferenceIdentity: identityId
    virtualNetworkSubnetId: empty(subnetId) ? null : subnetId
    outboundVnetRouting: empty(subnetId) ? null : {
      allTraffic: true
    }
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: '${hostBlobEndpoint}${packageContainer}'
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: identityId
          }
        }
      }
      runtime: {
        name: 'python'
        version: '3.13'
      }
      scaleAndConcurrency: {
        instanceMemoryMB: instanceMemoryMB
        maximumInstanceCount: maximumInstanceCount
        alwaysReady: []
        triggers: {
          http: {
            perInstanceConcurrency: httpConcurrency
          }
        }
      }
    }
    siteConfig: {
      alwaysOn: false
      cors: {
        allowedOrigins: []
        supportCredentials: false
      }
      ftpsState: 'Disabled'
      http20Enabled: true
      minTlsVersion: '1.2'
      scmMinTlsVersion: '1.2'
    }
  }
}

resource settings 'Microsoft.Web/sites/config@2025-03-01' = {
  //checkov:skip=CKV_AZURE_13:These are app settings, not the site's configuration; the app checks every token itself
  //checkov:skip=CKV_AZURE_63:As above; requests are logged to Application Insights
  //checkov:skip=CKV_AZURE_65:As above
  //checkov:skip=CKV_AZURE_66:As above
  //checkov:skip=CKV_AZURE_80:As above; the app is in Python
  //checkov:skip=CKV_AZURE_88:As above; Flex Consumption keeps the package in a blob container
  //checkov:skip=CKV_AZURE_222:As above; see the site
  parent: app
  name: 'appsettings'
  properties: union(hostSettings, schedulerSettings, {
    APPLICATIONINSIGHTS_CONNECTION_STRING: applicationInsightsConnectionString
    AZURE_CLIENT_ID: identityClientId
    PIPEYARD_AUTH: 'entra'
    PIPEYARD_AUTHORITY: environment().authentication.loginEndpoint
    PIPEYARD_AZURE_ML_WORKSPACE: machineLearningWorkspaceId
    PIPEYARD_BASE_URL: 'https://${app.properties.defaultHostName}'
    PIPEYARD_CLIENT_ID: clientId
    PIPEYARD_FILE_STORE: fileStoreUrl
    PIPEYARD_KEEP_AUDIT_DAYS: keepAuditDays
    PIPEYARD_KEEP_HISTORY_DAYS: keepHistoryDays
    PIPEYARD_KEEP_REUSE_DAYS: keepReuseDays
    PIPEYARD_KEEP_RUNS_DAYS: keepRunsDays
    PIPEYARD_KEEP_UNUSED_DAYS: keepUnusedDays
    PIPEYARD_KEY_VAULT: keyVaultUri
    PIPEYARD_MAX_ACTIVE_RUNS: maxActiveRuns
    PIPEYARD_MAX_PARALLEL_STEPS: maxParallelSteps
    PIPEYARD_PURGE: purge ? 'true' : 'false'
    PIPEYARD_RUNS_PER_MINUTE: runsPerMinute
    PIPEYARD_STORAGE_ACCOUNT: dataAccountName
    PIPEYARD_TENANT_ID: tenant().tenantId
    PIPEYARD_WEBHOOK_RETRY_SECONDS: webhookRetrySeconds
    PIPEYARD_WORKSPACE_NAME: workspaceName
  })
}

var hostSettings = {
  APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identityClientId};Authorization=AAD'
  AzureWebJobsStorage__blobServiceUri: hostBlobEndpoint
  AzureWebJobsStorage__clientId: identityClientId
  AzureWebJobsStorage__credential: 'managedidentity'
  AzureWebJobsStorage__queueServiceUri: hostQueueEndpoint
  AzureWebJobsStorage__tableServiceUri: hostTableEndpoint
  DataStorage__blobServiceUri: dataBlobEndpoint
  DataStorage__clientId: identityClientId
  DataStorage__credential: 'managedidentity'
  DataStorage__queueServiceUri: dataQueueEndpoint
  FUNCTIONS_REQUEST_BODY_SIZE_LIMIT: '314572800' // files of snapshots, up to 300 MiB
  PYTHON_ENABLE_OPENTELEMETRY: 'true' // the worker passes the host's trace on; the app sets up its exporter itself
  PYTHON_THREADPOOL_THREAD_COUNT: '32' // synchronous functions run in threads, and wait for storage most of the time
  TASK_HUB_NAME: taskHubName
}

// host.json names queues and tables of the host's account; settings with these names take the place of its keys.
var schedulerSettings = empty(durableTaskEndpoint) ? {} : {
  AzureFunctionsJobHost__extensions__durableTask__storageProvider__connectionName: 'DURABLE_TASK_SCHEDULER_CONNECTION_STRING'
  AzureFunctionsJobHost__extensions__durableTask__storageProvider__connectionStringName: 'DURABLE_TASK_SCHEDULER_CONNECTION_STRING'
  AzureFunctionsJobHost__extensions__durableTask__storageProvider__type: 'azureManaged'
  DURABLE_TASK_SCHEDULER_CONNECTION_STRING: 'Endpoint=${durableTaskEndpoint};Authentication=ManagedIdentity;ClientID=${identityClientId}'
}

resource ftp 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2025-03-01' = {
  parent: app
  name: 'ftp'
  properties: {
    allow: false
  }
}

resource publishing 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2025-03-01' = {
  parent: app
  name: 'scm'
  properties: {
    allow: false
  }
}

output id string = app.id
output name string = app.name
output url string = 'https://${app.properties.defaultHostName}'
