// Package sqlite keeps everything in one file on this machine.
package sqlite
