package egress

import (
	"runtime/debug"
	"testing"
)

func TestAVersionIsATagElseTheCommitElseDevel(t *testing.T) {
	built := func(version string, settings ...debug.BuildSetting) *debug.BuildInfo {
		return &debug.BuildInfo{Main: debug.Module{Version: version}, Settings: settings}
	}
	commit := debug.BuildSetting{Key: "vcs.revision", Value: "0123456789abcdef0123456789abcdef01234567"}
	for story, c := range map[string]struct {
		info *debug.BuildInfo
		want string
	}{
		"a release":                         {built("v1.2.3"), "v1.2.3"},
		"a commit, as Go writes it":         {built("v0.0.0-20261124120000-0123456789ab", commit), "v0.0.0-20261124120000-0123456789ab"},
		"a commit that Go did not write":    {built("(devel)", commit), "devel-0123456789ab"},
		"a commit, and more":                {built("", commit, debug.BuildSetting{Key: "vcs.modified", Value: "true"}), "devel-0123456789ab+dirty"},
		"neither":                           {built("(devel)"), "devel"},
		"neither, and nothing was modified": {built("", debug.BuildSetting{Key: "vcs.modified", Value: "false"}), "devel"},
	} {
		if got := versionOf(c.info, true); got != c.want {
			t.Errorf("%s: %s, want %s", story, got, c.want)
		}
	}
	if got := versionOf(nil, false); got != "devel" {
		t.Errorf("without anything: %s", got)
	}
}
