// Package lambdatest is the functions at work on this machine, as they are deployed.
package lambdatest
