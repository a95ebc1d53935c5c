//go:build !linux

package stack

import "syscall"

// dieWithParent: a server whose test process was killed stays until somebody ends it.
func dieWithParent() *syscall.SysProcAttr { return nil }
