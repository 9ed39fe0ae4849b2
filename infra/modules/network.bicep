// A network of the workspace's own: one subnet that the app reaches out from, one with private endpoints of storage and
// vault, and the names under which these are found.

@description('Name of the virtual network.')
param name string

@description('Azure region.')
param location string

@description('Tags of every resource.')
param tags object

@description('Addresses of the network.')
param addressPrefix string

@description('Addresses of the subnet that the app reaches out from, a /27 or larger.')
param appSubnetPrefix string

@description('Addresses of the subnet with the private endpoints.')
param endpointSubnetPrefix string

@description('Beginning of the endpoints\' names.')
param endpointPrefix string

@description('Storage account of the Functions host.')
param hostAccountId string

@description('Storage account with the workspace\'s state and default datastore.')
param dataAccountId string

@description('Key vault of the workspace.')
param keyVaultId string

var zoneNames = [
  'privatelink.blob.${environment().suffixes.storage}'
  'privatelink.queue.${environment().suffixes.storage}'
  'privatelink.table.${environment().suffixes.storage}'
  #disable-next-line no-hardcoded-env-urls
  'privatelink.vaultcore.azure.net'
]

var endpoints = [
  { name: 'host-blob', resourceId: hostAccountId, service: 'blob', zone: 0 }
  { name: 'host-queue', resourceId: hostAccountId, service: 'queue', zone: 1 }
  { name: 'host-table', resourceId: hostAccountId, service: 'table', zone: 2 }
  { name: 'data-blob', resourceId: dataAccountId, service: 'blob', zone: 0 }
  { name: 'data-queue', resourceId: dataAccountId, service: 'queue', zone: 1 }
  { name: 'data-table', resourceId: dataAccountId, service: 'table', zone: 2 }
  { name: 'vault', resourceId: keyVaultId, service: 'vault', zone: 3 }
]

resource appRules 'Microsoft.Network/networkSecurityGroups@2025-05-01' = {
  name: '${name}-app'
  location: location
  tags: tags
  properties: {
    securityRules: []
  }
}

resource endpointRules 'Microsoft.Network/networkSecurityGroups@2025-05-01' = {
  name: '${name}-endpoints'
  location: location
  tags: tags
  properties: {
    securityRules: []
  }
}

resource network 'Microsoft.Network/virtualNetworks@2025-05-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    addressSpace: {
      addressPrefixes: [
        addressPrefix
      ]
    }
    subnets: [
      {
        name: 'app'
        properties: {
          addressPrefix: appSubnetPrefix
          networkSecurityGroup: {
            id: appRules.id
          }
          delegations: [
            {
              name: 'flex'
              properties: {
                serviceName: 'Microsoft.App/environments'
              }
            }
          ]
        }
      }
      {
        name: 'endpoints'
        properties: {
          addressPrefix: endpointSubnetPrefix
          privateEndpointNetworkPolicies: 'Disabled'
          networkSecurityGroup: {
            id: endpointRules.id
          }
        }
      }
    ]
  }
}

resource zones 'Microsoft.Network/privateDnsZones@2024-06-01' = [for zone in zoneNames: {
  name: zone
  location: 'global'
  tags: tags
}]

resource links 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2024-06-01' = [for (zone, index) in zoneNames: {
  parent: zones[index]
  name: name
  location: 'global'
  tags: tags
  properties: {
    registrationEnabled: false
    virtualNetwork: {
      id: network.id
    }
  }
}]

resource privateEndpoints 'Microsoft.Network/privateEndpoints@2025-05-01' = [for endpoint in endpoints: {
  name: '${endpointPrefix}${endpoint.name}'
  location: location
  tags: tags
  properties: {
    subnet: {
      id: '${network.id}/subnets/endpoints'
    }
    privateLinkServiceConnections: [
      {
        name: endpoint.name
        properties: {
          privateLinkServiceId: endpoint.resourceId
          groupIds: [
            endpoint.service
          ]
        }
      }
    ]
  }
}]

resource endpointNames 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups@2025-05-01' = [for (endpoint, index) in endpoints: {
  parent: privateEndpoints[index]
  name: 'default'
  properties: {
    privateDnsZoneConfigs: [
      {
        name: endpoint.service
        properties: {
          privateDnsZoneId: zones[endpoint.zone].id
        }
      }
    ]
  }
}]

output appSubnetId string = '${network.id}/subnets/app'
