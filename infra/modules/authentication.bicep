// App Service authentication before the app, besides the app's own check of every token (docs/identity.md). Requests
// without a token of the tenant pass on: jobs come with run tokens, which only the app can judge.

@description('Name of the function app.')
param functionAppName string

@description('Application in Entra ID that tokens must be meant for.')
param clientId string

@description('Applications that may call. None would be refused everybody: Azure takes an empty list for "nobody".')
@minLength(1)
param callers array

resource app 'Microsoft.Web/sites@2025-03-01' existing = {
  name: functionAppName
}

resource settings 'Microsoft.Web/sites/config@2025-03-01' = {
  //checkov:skip=CKV_AZURE_13:This is the authentication that the check looks for, in its second version
  //checkov:skip=CKV_AZURE_63:As above; requests are logged to Application Insights
  //checkov:skip=CKV_AZURE_65:As above
  //checkov:skip=CKV_AZURE_66:As above
  //checkov:skip=CKV_AZURE_80:As above; the app is in Python
  //checkov:skip=CKV_AZURE_88:As above; Flex Consumption keeps the package in a blob container
  //checkov:skip=CKV_AZURE_222:As above; see the site
  parent: app
  name: 'authsettingsV2'
  properties: {
    platform: {
      enabled: true
      runtimeVersion: '~1'
    }
    globalValidation: {
      requireAuthentication: false
      unauthenticatedClientAction: 'AllowAnonymous'
      excludedPaths: [
        '/health'
        '/runtime/webhooks/blobs'
        '/runtime/webhooks/durabletask'
      ]
    }
    httpSettings: {
      requireHttps: true
      routes: {
        apiPrefix: '/.auth'
      }
      forwardProxy: {
        convention: 'NoProxy'
      }
    }
    identityProviders: {
      azureActiveDirectory: {
        enabled: true
        registration: {
          clientId: clientId
          openIdIssuer: '${environment().authentication.loginEndpoint}${tenant().tenantId}/v2.0'
        }
        validation: {
          allowedAudiences: [
            clientId
            'api://${clientId}'
          ]
          defaultAuthorizationPolicy: {
            allowedApplications: callers
          }
        }
      }
    }
    login: {
      tokenStore: {
        enabled: false
      }
    }
  }
}
