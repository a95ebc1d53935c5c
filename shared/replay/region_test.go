package replay_test

import (
	"strconv"
	"strings"
	"testing"

	"reprise/shared/replay"
)

func TestARegionIsALabelOfAHostName(t *testing.T) {
	for s, want := range map[string]bool{
		"us": true, "eu-west-1": true, "7": true, strings.Repeat("a", 63): true, "global": false,
		"": false, "-us": false, "us-": false, "US": false, "u.s": false, "u_s": false, "é": false, strings.Repeat("a", 64): false,
	} {
		if err := replay.CheckRegions([]string{s}); (err == nil) != want {
			t.Errorf("%q: %v", s, err)
		}
	}
}

func TestRegionsAreSomeAndEachIsThereOnce(t *testing.T) {
	if err := replay.CheckRegions(nil); err == nil {
		t.Error("no region at all was taken")
	}
	if err := replay.CheckRegions([]string{"us", "eu", "us"}); err == nil || !strings.Contains(err.Error(), `"us" is there twice`) {
		t.Errorf("a region that is there twice: %v", err)
	}
	if err := replay.CheckRegions([]string{"us", "eu"}); err != nil {
		t.Error(err)
	}
	var many []string
	for n := range 101 { // one more than fit into one write of DynamoDB's
		many = append(many, "r"+strconv.Itoa(n))
	}
	if err := replay.CheckRegions(many[:100]); err != nil {
		t.Error(err)
	}
	if err := replay.CheckRegions(many); err == nil || !strings.Contains(err.Error(), "101 regions are too many: at most 100") {
		t.Errorf("more than one PUT can ask for: %v", err)
	}
}

func TestADomainIsLabelsWithDotsBetween(t *testing.T) {
	for s, want := range map[string]bool{
		"": true, "localhost": true, "audit.example.com": true,
		".": false, "example.com.": false, "a..b": false, "-x.example": false, "Example.com": false, "example.com:8080": false, "https://example.com": false,
	} {
		if err := replay.CheckDomain(s); (err == nil) != want {
			t.Errorf("%q: %v", s, err)
		}
	}
}
