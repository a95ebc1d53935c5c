// Package dynamo keeps everything in DynamoDB.
//
//	Jobs      org_id            | region                 the job; sparse active → index for the sweep; stream NEW_IMAGE
//	Slices    job_id            | plan, slice#00         the plan; an item a slice that was touched; TTL
//	Entries   org#region#hour   | first-ts#id of chunk   chunks; TTL
//	Counts    org#region        | hour                   hints for planning; TTL
//	Webhooks  org_id            | region                 configuration, last attempt
//	Tokens    hash              |                        index on org_id
//	Keys      kid               |                        signing keys
//
// There is one type a table: a function holds only what its role may touch. Times are milliseconds since the epoch, 0 for
// none, but for expires_at, which DynamoDB wants in seconds. Each item says of which schema it is.
package dynamo
