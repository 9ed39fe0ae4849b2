"""Azure Machine Learning by its REST API in Azure Resource Manager: what jobs and clusters need of it."""
