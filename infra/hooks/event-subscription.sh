#!/usr/bin/env bash
# Makes storage tell the app of new files. After the deploy, since Azure makes the key in the app's address only once a
# host with the blob trigger has started, and calls the address when the subscription is made. Safe to repeat.
#
#   PIPEYARD_HOOK_TRIES, PIPEYARD_HOOK_WAIT   how often to try, and the seconds between (30 and 10)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

tries=${PIPEYARD_HOOK_TRIES:-30}
pause=${PIPEYARD_HOOK_WAIT:-10}

say() { echo "event-subscription: $*" >&2; }
die() { say "$*"; exit 1; }

for name in AZURE_RESOURCE_GROUP AZURE_SUBSCRIPTION_ID AZURE_FUNCTION_NAME PIPEYARD_URL PIPEYARD_STORAGE_ACCOUNT \
  PIPEYARD_EVENT_TOPIC PIPEYARD_DEFAULT_CONTAINER PIPEYARD_DEAD_LETTER_CONTAINER; do
  [[ -n ${!name:-} ]] || die "$name is not set. azd sets it from the outputs of infra/main.bicep: run azd provision first."
done
command -v az >/dev/null || die "the Azure CLI (az) was not found. Install it, then run: azd hooks run postdeploy"
az account show --output none 2>/dev/null || die "the Azure CLI is not signed in. Run: az login, then: azd hooks run postdeploy"

# Asks whether there is a key; the key itself is read by the deployment and shown nowhere.
has_key() {
  [[ "$(az functionapp keys list --name "$AZURE_FUNCTION_NAME" --resource-group "$AZURE_RESOURCE_GROUP" --output json \
    --subscription "$AZURE_SUBSCRIPTION_ID" --query "contains(keys(systemKeys), 'blobs_extension')" 2>/dev/null)" == true ]]
}

subscribe() {
  az deployment group create --name event-subscription --resource-group "$AZURE_RESOURCE_GROUP" \
    --subscription "$AZURE_SUBSCRIPTION_ID" --template-file infra/event-subscription.bicep --output none --parameters \
    "functionAppName=$AZURE_FUNCTION_NAME" "topicName=$PIPEYARD_EVENT_TOPIC" \
    "storageAccountName=$PIPEYARD_STORAGE_ACCOUNT" "container=$PIPEYARD_DEFAULT_CONTAINER" \
    "deadLetterContainer=$PIPEYARD_DEAD_LETTER_CONTAINER"
}

# An address cannot be changed, so a subscription with an older key has to go first. Files that arrive meanwhile are
# found by listing.
unsubscribe() {
  az eventgrid system-topic event-subscription delete --name blob-arrived --system-topic-name "$PIPEYARD_EVENT_TOPIC" \
    --resource-group "$AZURE_RESOURCE_GROUP" --subscription "$AZURE_SUBSCRIPTION_ID" --yes --output none 2>/dev/null || true
}

attempt=0
until curl --silent --fail --max-time 60 --output /dev/null "$PIPEYARD_URL/health" && has_key; do
  attempt=$((attempt + 1))
  ((attempt < tries)) || die "the app does not answer at $PIPEYARD_URL/health, or has no key for blob events yet. Look \
at the log stream of $AZURE_FUNCTION_NAME, then run: azd hooks run postdeploy. Until then schedules find files by listing."
  say "waiting for the app ($attempt of $tries) ..."
  sleep "$pause"
done

attempt=0
until subscribe; do
  attempt=$((attempt + 1))
  ((attempt < 3)) || die "the subscription could not be made (see above). To try again: azd hooks run postdeploy. Until \
then schedules find files by listing."
  say "trying again without the subscription that there is ..."
  unsubscribe
  sleep "$pause"
done
say "storage tells the app of new files."
