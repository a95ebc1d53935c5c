// Package api is the wire contract of the HTTP routes.
package api
