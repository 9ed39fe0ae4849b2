// Messages to one address when something needs a person. Rules cost a little each month whether they fire or not, so
// they exist only where an address is given. infra/telemetry.json has the names of the metrics that the app writes.

@description('Beginning of the rules\' names.')
param namePrefix string

@description('Name of the action group.')
param actionGroupName string

@description('Azure region.')
param location string

@description('Tags of every resource.')
param tags object

@description('Who gets the messages.')
param email string

@description('Application Insights component that the queries run on.')
param applicationInsightsId string

@description('Storage accounts whose throttling counts.')
param storageAccountIds array

@description('Event Grid topic whose undelivered events count.')
param topicId string

var telemetry = loadJsonContent('../telemetry.json')

var logRules = [
  {
    name: 'failed-runs'
    title: 'Runs have failed'
    text: 'Runs ended as Failed in the last 15 minutes. `pipeyard runs --status Failed` lists them.'
    severity: 2
    query: 'customMetrics | where name == \'${telemetry.metrics.runsFailed}\' and valueSum > 0'
  }
  {
    name: 'stuck-runs'
    title: 'Runs do not get on'
    text: 'Runs are not over and nothing has happened to them for long.'
    severity: 1
    query: 'customMetrics | where name == \'${telemetry.metrics.runsStuck}\' and valueSum > 0'
  }
  {
    name: 'poison-messages'
    title: 'Work was given up after its last try'
    text: 'The blob trigger gave a file up (listing finds it all the same), or an activity failed for good and its step or run with it.'
    severity: 2
    query: 'union (traces | where message has \'webjobs-blobtrigger-poison\'), (customMetrics | where name == \'${telemetry.metrics.activitiesGivenUp}\' and valueSum > 0)'
  }
]

resource people 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: actionGroupName
  location: 'global'
  tags: tags
  properties: {
    enabled: true
    groupShortName: 'pipeyard'
    emailReceivers: [
      {
        name: 'operators'
        emailAddress: email
        useCommonAlertSchema: true
      }
    ]
  }
}

resource logAlerts 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [for rule in logRules: {
  name: '${namePrefix}${rule.name}'
  location: location
  tags: tags
  kind: 'LogAlert'
  properties: {
    displayName: 'Pipeyard: ${rule.title}'
    description: rule.text
    enabled: true
    severity: rule.severity
    scopes: [
      applicationInsightsId
    ]
    evaluationFrequency: 'PT15M'
    windowSize: 'PT15M'
    autoMitigate: true
    criteria: {
      allOf: [
        {
          query: rule.query
          timeAggregation: 'Count'
          operator: 'GreaterThan'
          threshold: 0
          failingPeriods: {
            numberOfEvaluationPeriods: 1
            minFailingPeriodsToAlert: 1
          }
        }
      ]
    }
    actions: {
      actionGroups: [
        people.id
      ]
    }
  }
}]

resource throttling 'Microsoft.Insights/metricAlerts@2018-03-01' = [for (account, index) in storageAccountIds: {
  name: '${namePrefix}throttling-${index}'
  location: 'global'
  tags: tags
  properties: {
    description: 'Pipeyard: storage account ${last(split(account, '/'))} refuses requests because there are too many.'
    enabled: true
    severity: 2
    scopes: [
      account
    ]
    evaluationFrequency: 'PT15M'
    windowSize: 'PT15M'
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
      allOf: [
        {
          criterionType: 'StaticThresholdCriterion'
          name: 'throttled'
          metricNamespace: 'Microsoft.Storage/storageAccounts'
          metricName: 'Transactions'
          timeAggregation: 'Total'
          operator: 'GreaterThan'
          threshold: 50
          dimensions: [
            {
              name: 'ResponseType'
              operator: 'Include'
              values: [
                'ClientAccountBandwidthThrottlingError'
                'ClientAccountRequestThrottlingError'
                'ClientThrottlingError'
                'ServerBusyError'
              ]
            }
          ]
        }
      ]
    }
    actions: [
      {
        actionGroupId: people.id
      }
    ]
  }
}]

resource undelivered 'Microsoft.Insights/metricAlerts@2018-03-01' = {
  name: '${namePrefix}undelivered-events'
  location: 'global'
  tags: tags
  properties: {
    description: 'Pipeyard: Event Grid gave up telling the app of files. Listing finds them; see the dead-letter container.'
    enabled: true
    severity: 3
    scopes: [
      topicId
    ]
    evaluationFrequency: 'PT15M'
    windowSize: 'PT15M'
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
      allOf: [
        {
          criterionType: 'StaticThresholdCriterion'
          name: 'undelivered'
          metricNamespace: 'Microsoft.EventGrid/systemTopics'
          metricName: 'DeadLetteredCount'
          timeAggregation: 'Total'
          operator: 'GreaterThan'
          threshold: 0
        }
      ]
    }
    actions: [
      {
        actionGroupId: people.id
      }
    ]
  }
}
