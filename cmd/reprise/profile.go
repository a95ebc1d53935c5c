package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/pprof"
)

// profiled runs work, and where a folder is named writes into it what the whole of it took: cpu.pprof, and heap.pprof with
// what is in use at the end beside all that was ever allocated. It is for us, hence a flag that no help shows: a profile
// over HTTP would lie on the port that customers see. A crash leaves a CPU profile that cannot be read, and nothing else.
func profiled(ctx context.Context, folder string, work func(context.Context) error) (err error) {
	if folder == "" {
		return work(ctx)
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return fmt.Errorf("--profile: %w", err)
	}
	cpu, err := os.Create(filepath.Join(folder, "cpu.pprof"))
	if err != nil {
		return fmt.Errorf("--profile: %w", err)
	}
	if err := pprof.StartCPUProfile(cpu); err != nil {
		return errors.Join(fmt.Errorf("--profile: %w", err), cpu.Close())
	}
	err = work(ctx)
	pprof.StopCPUProfile()
	heap, open := os.Create(filepath.Join(folder, "heap.pprof"))
	if open != nil {
		return errors.Join(err, cpu.Close(), open)
	}
	return errors.Join(err, cpu.Close(), pprof.WriteHeapProfile(heap), heap.Close())
}
