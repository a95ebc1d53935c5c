// Package crashtest is what the real process must survive.
package crashtest
