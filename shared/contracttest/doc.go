// Package contracttest names, for every sentence of docs/contract.md, a test that holds it.
package contracttest
