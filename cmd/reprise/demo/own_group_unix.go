//go:build unix

package demo

import "syscall"

// ownGroup keeps the terminal's Ctrl-C from a program that is to outlive the demo.
func ownGroup() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
