package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// versionCmd is `reprise version`.
type versionCmd struct{}

// Run prints the version, with what it was built with.
func (versionCmd) Run(s streams) error {
	_, err := fmt.Fprintf(s.out, "reprise %s %s %s/%s\n", version(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}

// version is what the build knows of where it came from: a release's tag, or the commit; "devel" where it knows nothing.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "devel"
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	v, dirty := "devel", ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision" && len(s.Value) >= 12:
			v = "devel-" + s.Value[:12]
		case s.Key == "vcs.modified" && s.Value == "true":
			dirty = "+dirty"
		}
	}
	return v + dirty
}
