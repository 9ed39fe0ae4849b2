"""The function app's index: registers every blueprint, nothing else."""

import azure.durable_functions as df
import azure.functions as func

import activities
import orchestrators
import triggers
from shared import bootstrap

bootstrap.observe()  # A setting that must not be, such as no sign-in in Azure, ends the app here.
app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)
for blueprint in (*triggers.BLUEPRINTS, *orchestrators.BLUEPRINTS, *activities.BLUEPRINTS):
    app.register_functions(blueprint)
