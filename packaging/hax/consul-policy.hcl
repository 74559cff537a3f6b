# What hax asks of Consul, and nothing else. `consul acl policy create -name hax -rules @consul-policy.hcl`
# A node that stands for election writes this key and its session; for one that only reads, "read" is enough for both.
key "leader" { policy = "write" }
key "epoch" { policy = "write" }
key "eq-epoch" { policy = "write" }
key_prefix "bq/" { policy = "write" }
key_prefix "eq/" { policy = "write" }
key_prefix "bq-delivered/" { policy = "write" }
key_prefix "processes/" { policy = "write" }
key_prefix "events/subscription/" { policy = "write" }
key_prefix "stats/" { policy = "read" }
key_prefix "bytecount/" { policy = "read" }
key_prefix "m0conf/" { policy = "read" }

# <node>/processes/: one such rule for each node of the cluster.
key_prefix "alpha1/processes/" { policy = "write" }

service_prefix "" { policy = "read" }
node_prefix "" { policy = "read" }
session_prefix "" { policy = "write" }
