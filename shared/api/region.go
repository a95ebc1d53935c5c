package api

import (
	"net/http"
	"slices"
	"strings"

	"reprise/shared/replay"
)

// regionHeader names the region where the host does not (CONTRACT.md §1).
const regionHeader = "Reprise-Region"

// choose finds the regions that a request is about, or a problem naming what it asked for.
func (c *caller) choose(r *http.Request, regions replay.Regions) (err error) {
	if c.region, err = regionOf(r, regions); err != nil {
		return err
	}
	if c.regions = []string{c.region}; c.global() {
		c.regions = regions.Known
	}
	return nil
}

// regionOf is the region that a request is about, or global.
// The host decides; only where it names none the header does, else the stack's default.
func regionOf(r *http.Request, regions replay.Regions) (string, error) {
	region := hostRegion(r.Host, regions)
	if region == "" {
		// Comma-joined as a gateway would have it: two headers are no region.
		region = strings.ToLower(strings.TrimSpace(strings.Join(r.Header.Values(regionHeader), ",")))
	}
	switch {
	case region == "":
		return regions.Default, nil
	case region != replay.GlobalRegion && !slices.Contains(regions.Known, region):
		return "", badRegion("must be one of " + strings.Join(regions.Known, ", "))
	}
	return region, nil
}

func badRegion(reason string) error {
	return badRequest("Invalid region", replay.InputError{{Field: "region", Rule: replay.RuleInvalid, Reason: reason}})
}

// hostRegion is the first label of the host if it is a region or "global" and the host belongs to the stack's domain,
// where it has one. Else "": a raw gateway host, an address, somebody else's name.
func hostRegion(host string, regions replay.Regions) string {
	host = strings.ToLower(host)
	if colon := strings.LastIndexByte(host, ':'); colon >= 0 && digits(host[colon+1:]) {
		host = host[:colon] // also of [::1]:80; what is left of a bare ::1 names no region anyway
	}
	host = strings.TrimSuffix(host, ".") // the root, as in DNS
	if domain := strings.ToLower(regions.Domain); domain != "" && !strings.HasSuffix(host, "."+domain) {
		return ""
	}
	label, _, _ := strings.Cut(host, ".")
	if label == replay.GlobalRegion || slices.Contains(regions.Known, label) {
		return label
	}
	return ""
}

func digits(s string) bool {
	return strings.Trim(s, "0123456789") == ""
}
