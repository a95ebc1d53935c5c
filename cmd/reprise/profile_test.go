package main

import (
	"context"
	"os"
	"path/filepath"
	"testing"
)

func TestAProfiledServiceLeavesBothProfiles(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "profiles", "one")
	worked := false
	err := profiled(t.Context(), folder, func(context.Context) error {
		worked = true
		return nil
	})
	if err != nil || !worked {
		t.Fatal(err, worked)
	}
	for _, name := range []string{"cpu.pprof", "heap.pprof"} {
		if info, err := os.Stat(filepath.Join(folder, name)); err != nil || info.Size() == 0 {
			t.Error(name, err)
		}
	}
}
