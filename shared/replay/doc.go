// Package replay says what a replay is.
//
//	            PUT                    first slice starts        every slice done
//	unconfigured ──► accepted ──► pending ──────────────► running ──────────► completed
//	                    │            │ no slices: ─────────────────────────────► completed
//	                    └────────────┴───────────────────────┴────────────────► failed
//
// A PUT over accepted or pending replaces the job; over running it is a conflict;
// over completed or failed it starts anew. Status.From is this drawing as code: a store
// builds the condition of each write from it, so that no other transition can be written.
package replay
