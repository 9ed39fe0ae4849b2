"""What a workspace costs in Azure, estimated from counts that were measured and prices that anybody can change.

`workload` is what somebody does with it, `measured` what that makes the workspace do, `prices` what each of it costs,
`usage` multiplies the first two, and `model` adds the third. Nothing here asks a workspace or the network.
"""
