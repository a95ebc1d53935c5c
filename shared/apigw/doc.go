// Package apigw lets an API Gateway HTTP API call an http.Handler.
package apigw
