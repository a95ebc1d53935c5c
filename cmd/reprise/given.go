package main

import (
	"cmp"
	"strings"

	"github.com/alecthomas/kong"

	"reprise/cmd/reprise/client"
)

// given is the flags that stand on the command line; the values of others are the environment's.
type given map[string]bool

func onCommandLine(c *kong.Context) given {
	g := make(given)
	for _, p := range c.Path {
		if p.Flag != nil && !p.Resolved {
			g[p.Flag.Name] = true
		}
	}
	return g
}

// first is a setting, and from where it is: a flag, else the profile that --profile names, else the environment, else the
// profile. So a secret of the environment does not go to the service of a profile that was asked for by its name.
func (g given) first(flag, value, kept, profile string) (setting, from string) {
	switch {
	case value != "" && g[flag]:
		return value, "--" + flag
	case kept != "" && (value == "" || g["profile"]):
		return kept, profile
	case value == "":
		return "", ""
	default:
		return value, "REPRISE_" + strings.ToUpper(flag)
	}
}

// api is the service that is meant.
func (g given) api(value, kept string) (string, error) {
	text, from := g.first("api", value, kept, "profile")
	api, err := client.ParseAPI(cmp.Or(text, localAPI))
	if err != nil {
		return "", &verdict{kind: errUsage, text: from + ": " + err.Error()}
	}
	return api, nil
}
