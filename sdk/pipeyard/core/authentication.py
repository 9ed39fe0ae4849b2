"""v1's `azureml.core.authentication`: who is asking.

A workspace without sign-in asks nobody: `get_authentication_header()` then is `{}`, and scripts that send it with
their own requests keep working. Otherwise the header carries a bearer token: `PIPEYARD_TOKEN` if it is set, the run's
token inside a job, else one that `azure-identity` gets (`pip install 'pipeyard[azure]'`) for the audience that
`PIPEYARD_AUDIENCE` names.
"""

import os
from collections.abc import Callable, Sequence
from typing import Any

from pipeyard._config import find_workspace
from pipeyard._optional import require
from pipeyard._tokens import token_of_environment
from pipeyard.exceptions import AuthenticationException, UserErrorException

# ruff: noqa: FBT001, FBT002  (v1's signatures)

AUDIENCE_VARIABLE = "PIPEYARD_AUDIENCE"


class AbstractAuthentication:
    """Gets tokens.

    Attributes:
        audience: Whom the tokens are for (`api://...`); None where the workspace has no sign-in.
    """

    def __init__(self, audience: str | None = None) -> None:
        self.audience = audience or os.environ.get(AUDIENCE_VARIABLE)
        self._credential: Any = None

    def get_authentication_header(self) -> dict[str, str]:
        """The header for requests of your own; empty where there is no sign-in."""
        token = self.get_token()
        return {"Authorization": f"Bearer {token}"} if token else {}

    def get_token(self) -> str | None:
        """A bearer token that is valid now, None where there is no sign-in.

        Raises:
            AuthenticationException: Nobody gives one.
        """
        found = token_of_environment(find_workspace().url)
        if found or self.audience is None:
            return found
        if self._credential is None:
            self._credential = self._make_credential()
        scope = self.audience if self.audience.endswith("/.default") else f"{self.audience}/.default"
        try:
            token: str = self._credential.get_token(scope).token
        except Exception as error:  # azure-identity has many kinds, and loading them here would need it
            raise AuthenticationException(f"No token for {self.audience} could be had: {error}") from error
        return token

    def _make_credential(self) -> Any:
        raise NotImplementedError


class InteractiveLoginAuthentication(AbstractAuthentication):
    """Signs a person in with a browser, or takes the sign-in of the Azure CLI where there is one."""

    def __init__(
        self,
        force: bool = False,
        tenant_id: str | None = None,
        cloud: str | None = None,
        *,
        audience: str | None = None,
    ) -> None:
        super().__init__(audience)
        del cloud
        self._force = force
        self._tenant_id = tenant_id

    def _make_credential(self) -> Any:
        identity = require("azure.identity", "azure")
        tenant = {"tenant_id": self._tenant_id} if self._tenant_id else {}
        browser = identity.InteractiveBrowserCredential(**tenant)
        if self._force:
            return browser
        return identity.ChainedTokenCredential(identity.AzureCliCredential(**tenant), browser)


class AzureCliAuthentication(AbstractAuthentication):
    """Takes the sign-in of the Azure CLI."""

    def __init__(self, cloud: str | None = None, *, audience: str | None = None) -> None:
        super().__init__(audience)
        del cloud

    def _make_credential(self) -> Any:
        return require("azure.identity", "azure").AzureCliCredential()


class ServicePrincipalAuthentication(AbstractAuthentication):
    """Signs an application in with its secret."""

    def __init__(
        self,
        tenant_id: str,
        service_principal_id: str,
        service_principal_password: str,
        cloud: str = "AzureCloud",
        _enable_caching: bool = True,
        *,
        audience: str | None = None,
    ) -> None:
        super().__init__(audience)
        del cloud, _enable_caching
        if not (tenant_id and service_principal_id and service_principal_password):
            raise UserErrorException("A service principal needs its tenant's id, its own id and its password.")
        self._names = {"tenant_id": tenant_id, "client_id": service_principal_id}
        self._password = service_principal_password

    def _make_credential(self) -> Any:
        identity = require("azure.identity", "azure")
        return identity.ClientSecretCredential(**self._names, client_secret=self._password)


class MsiAuthentication(AbstractAuthentication):
    """Takes the managed identity of the machine."""

    def __init__(self, identity_config: dict[str, str] | None = None, *, audience: str | None = None) -> None:
        super().__init__(audience)
        self._config = dict(identity_config or {})

    def _make_credential(self) -> Any:
        return require("azure.identity", "azure").ManagedIdentityCredential(**self._config)


class TokenAuthentication(AbstractAuthentication):
    """Asks a function of yours for tokens."""

    def __init__(
        self,
        get_token_for_audience: Callable[[str], str],
        audiences: Sequence[str] = (),
        *,
        audience: str | None = None,
    ) -> None:
        super().__init__(audience or next(iter(audiences), None))
        self._ask = get_token_for_audience

    def get_token(self) -> str | None:
        """What the function gives."""
        return self._ask(self.audience or "")
