// Tells the app of new blobs. Deployed by infra/hooks/event-subscription.sh after the app's code, because Azure makes
// the key in the address only once a host with the blob trigger has started, and asks the address when this is made.

@description('Name of the function app.')
param functionAppName string

@description('System topic of the storage account.')
param topicName string

@description('The storage account.')
param storageAccountName string

@description('Container whose new blobs count.')
param container string

@description('Container for events that could not be delivered.')
param deadLetterContainer string

@description('Function that is called.')
param functionName string = 'blob_arrived'

resource app 'Microsoft.Web/sites@2025-03-01' existing = {
  name: functionAppName
}

resource account 'Microsoft.Storage/storageAccounts@2025-06-01' existing = {
  name: storageAccountName
}

resource topic 'Microsoft.EventGrid/systemTopics@2025-02-15' existing = {
  name: topicName
}

#disable-next-line use-resource-symbol-reference
var systemKeys = listKeys('${app.id}/host/default', '2025-03-01').systemKeys

resource subscription 'Microsoft.EventGrid/systemTopics/eventSubscriptions@2025-02-15' = {
  parent: topic
  name: 'blob-arrived'
  properties: {
    destination: {
      endpointType: 'WebHook'
      properties: {
        endpointUrl: 'https://${app.properties.defaultHostName}/runtime/webhooks/blobs?functionName=Host.Functions.${functionName}&code=${systemKeys.blobs_extension}'
        maxEventsPerBatch: 1
        preferredBatchSizeInKilobytes: 64
      }
    }
    eventDeliverySchema: 'EventGridSchema'
    filter: {
      includedEventTypes: [
        'Microsoft.Storage.BlobCreated'
      ]
      subjectBeginsWith: '/blobServices/default/containers/${container}/'
      advancedFilters: [
        {
          // Outputs of steps: nobody waits for them as a rule, and each event would have the host fetch a file's content.
          operatorType: 'StringNotBeginsWith'
          key: 'subject'
          values: [
            '/blobServices/default/containers/${container}/blobs/azureml/'
          ]
        }
      ]
    }
    retryPolicy: {
      maxDeliveryAttempts: 30
      eventTimeToLiveInMinutes: 1440
    }
    deadLetterWithResourceIdentity: {
      identity: {
        type: 'SystemAssigned'
      }
      deadLetterDestination: {
        endpointType: 'StorageBlob'
        properties: {
          resourceId: account.id
          blobContainerName: deadLetterContainer
        }
      }
    }
  }
}
