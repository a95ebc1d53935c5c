package main

import (
	"fmt"
	"runtime"

	"reprise/shared/egress"
)

// versionCmd is `reprise version`.
type versionCmd struct{}

// Help is examples.
func (versionCmd) Help() string {
	return `Examples:

    reprise version`
}

// Run prints the version, with what it was built with.
func (versionCmd) Run(s streams) error {
	_, err := fmt.Fprintf(s.out, "reprise %s %s %s/%s\n", egress.Version(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}
