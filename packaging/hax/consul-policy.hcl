# What hax asks of Consul, and nothing else. `consul acl policy create -name hax -rules @consul-policy.hcl`
key "leader" { policy = "read" }
key "epoch" { policy = "write" }
key "eq-epoch" { policy = "write" }
key_prefix "bq/" { policy = "write" }
key_prefix "eq/" { policy = "write" }
key_prefix "bq-delivered/" { policy = "write" }
key_prefix "processes/" { policy = "write" }
key_prefix "m0conf/" { policy = "read" }

# <node>/processes/: one such rule for each node of the cluster.
key_prefix "alpha1/processes/" { policy = "write" }

service_prefix "" { policy = "read" }
node_prefix "" { policy = "read" }
session_prefix "" { policy = "read" }
