#!/usr/bin/env bash
# What has to be known before anything is provisioned: the application that callers' tokens are meant for, and the month
# in which a budget begins. Whatever the azd environment has already is left alone.
#
#   PIPEYARD_CLIENT_ID          an application of yours; nothing is registered then
#   PIPEYARD_APP_REGISTRATION   `skip`: go on without one; the app refuses everybody but its own jobs until there is one
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

administrator_role=6c5b0a3e-1f0e-4f5b-9d53-9a1f7f8f4c04 # of infra/entra/app-roles.json
graph=https://graph.microsoft.com/v1.0

say() { echo "preprovision: $*" >&2; }
die() { say "$*"; exit 1; }

: "${AZURE_ENV_NAME:?preprovision: AZURE_ENV_NAME is not set. azd sets it; to run this by hand, set it to the name of the environment.}"

register() {
  local subscription name id
  command -v az >/dev/null || die "the Azure CLI (az) was not found; it registers the application. Install it, or set \
PIPEYARD_CLIENT_ID to an application of yours (docs/identity.md says what it needs)."
  subscription=$(az account show --query id --output tsv 2>/dev/null) || die "the Azure CLI is not signed in. Run: az login"
  # Names of applications are the whole tenant's: another team's workspace may have an environment of this name.
  subscription=${AZURE_SUBSCRIPTION_ID:-$subscription}
  name="pipeyard-$AZURE_ENV_NAME-${subscription%%-*}"
  id=$(az ad app list --filter "displayName eq '$name'" --query '[0].appId' --output tsv)
  if [[ -z $id ]]; then
    say "registering the application $name in Entra ID ..."
    id=$(az ad app create --display-name "$name" --sign-in-audience AzureADMyOrg --requested-access-token-version 2 \
      --app-roles @infra/entra/app-roles.json --query appId --output tsv) \
      || die "the application could not be registered. Ask somebody who may to register one as docs/identity.md says, \
then: azd env set PIPEYARD_CLIENT_ID <its client id>. To go on without: azd env set PIPEYARD_APP_REGISTRATION skip"
  fi
  az ad app update --id "$id" --identifier-uris "api://$id" --output none
  # In two steps: the second one names the scope that the first one makes.
  az rest --method PATCH --uri "$graph/applications(appId='$id')" --body @infra/entra/scope.json --output none
  az rest --method PATCH --uri "$graph/applications(appId='$id')" --body @infra/entra/azure-cli.json --output none
  make_administrator "$id"
  azd env set PIPEYARD_CLIENT_ID "$id"
  say "callers' tokens are meant for api://$id."
}

# Whoever sets a workspace up may use it. A pipeline that signs in as an application has no user, and gets no role.
make_administrator() {
  local principal me
  principal=$(az ad sp show --id "$1" --query id --output tsv 2>/dev/null) \
    || principal=$(az ad sp create --id "$1" --query id --output tsv)
  me=$(az ad signed-in-user show --query id --output tsv 2>/dev/null) || return 0
  if [[ -n $(az rest --method GET --uri "$graph/servicePrincipals/$principal/appRoleAssignedTo" --output tsv \
    --query "value[?principalId=='$me' && appRoleId=='$administrator_role'].id") ]]; then
    return
  fi
  az rest --method POST --uri "$graph/servicePrincipals/$principal/appRoleAssignedTo" --output none --body \
    "{\"principalId\": \"$me\", \"resourceId\": \"$principal\", \"appRoleId\": \"$administrator_role\"}"
  say "you have the role Administrator."
}

if [[ -z ${PIPEYARD_CLIENT_ID:-} ]]; then
  case ${PIPEYARD_APP_REGISTRATION:-create} in
    create) register ;;
    skip) say "no application: nobody can sign in until PIPEYARD_CLIENT_ID is set and azd provision has run again." ;;
    *) die "PIPEYARD_APP_REGISTRATION is '$PIPEYARD_APP_REGISTRATION'; it is 'create' (also when it is not set) or 'skip'." ;;
  esac
fi

if [[ ${PIPEYARD_MONTHLY_BUDGET:-0} != 0 && -n ${PIPEYARD_ALERT_EMAIL:-} && -z ${PIPEYARD_BUDGET_START_DATE:-} ]]; then
  [[ -z ${CI:-}${TF_BUILD:-} ]] || die "PIPEYARD_BUDGET_START_DATE is not set. Set it to the first day of the month in \
which the budget begins, such as $(date -u +%Y-%m-01), as a variable of the pipeline: it must stay the same from then on."
  azd env set PIPEYARD_BUDGET_START_DATE "$(date -u +%Y-%m-01)"
fi

if [[ ${PIPEYARD_PRIVATE_NETWORK:-false} == true ]]; then
  # The subscription that azd deploys to, where it is chosen already: that of the Azure CLI may be another one.
  az provider register --namespace Microsoft.App --wait \
    ${AZURE_SUBSCRIPTION_ID:+--subscription "$AZURE_SUBSCRIPTION_ID"} # Flex Consumption's way into a network
fi
