package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"reprise/cmd/reprise/client"
)

// defaultProfile is used where none is named; it need not be there.
const defaultProfile = "default"

// config is the configuration file. It holds tokens, so that it is its owner's alone to read.
type config struct {
	path     string
	Profiles map[string]profile `yaml:"profiles"`
}

// profile is a service, with who asks.
type profile struct {
	API    string `yaml:"api,omitempty"`
	Token  string `yaml:"token,omitempty"`
	Region string `yaml:"region,omitempty"`
}

// configPath is where the configuration file is.
func configPath() (string, error) {
	if path := os.Getenv("REPRISE_CONFIG"); path != "" {
		return path, nil
	}
	folder, err := os.UserConfigDir()
	if err != nil {
		return "", &verdict{errUsage, "finding the configuration file: " + err.Error(), "Set REPRISE_CONFIG to where it is to be."}
	}
	return filepath.Join(folder, "reprise", "config.yaml"), nil
}

// kept is the configuration as it is now.
func kept() (config, error) {
	path, err := configPath()
	if err != nil {
		return config{}, err
	}
	return readConfig(path)
}

// readConfig reads the file; there may be none. One that others may read is refused, as ssh does with a key: what it says would
// be known to others, or be theirs.
func readConfig(path string) (config, error) {
	c := config{path: path, Profiles: make(map[string]profile)}
	bad := func(rule string, todo string) (config, error) {
		return c, &verdict{errUsage, fmt.Sprintf("configuration file %s: %s", path, rule), todo}
	}
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return c, nil
	}
	if err == nil && info.Mode().Perm()&0o077 != 0 {
		return bad(fmt.Sprintf("it holds tokens, but its mode is %04o: others may read or change it", info.Mode().Perm()), "Make it yours alone: chmod 600 "+path)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return bad(err.Error(), "")
	}
	if len(bytes.TrimSpace(text)) == 0 {
		return c, nil
	}
	if err := yaml.UnmarshalWithOptions(text, &c, yaml.Strict()); err != nil {
		// The error's long form would show the lines around, a token among them.
		return bad(strings.TrimSpace(yaml.FormatError(err, false, false)), `It has the form "profiles: {default: {api: URL, token: TEXT, region: NAME}}"; what is not needed may be left out.`)
	}
	if c.Profiles == nil { // "profiles:" alone
		c.Profiles = make(map[string]profile)
	}
	for _, name := range slices.Sorted(maps.Keys(c.Profiles)) {
		p := c.Profiles[name]
		if p.API != "" {
			if _, err := client.ParseAPI(p.API); err != nil {
				return bad(fmt.Sprintf("profile %s: api: %s", name, err), "")
			}
		}
	}
	return c, nil
}

// named is a profile; the default one is empty where there is none.
func (c config) named(name string) (profile, error) {
	p, ok := c.Profiles[cmp.Or(name, defaultProfile)]
	if !ok && name != "" && name != defaultProfile {
		there := "there is none"
		if len(c.Profiles) > 0 {
			there = "there are " + strings.Join(slices.Sorted(maps.Keys(c.Profiles)), ", ")
		}
		return profile{}, &verdict{errUsage, fmt.Sprintf("--profile: no %q in %s: %s", name, c.path, there), `"reprise login --profile NAME" makes one.`}
	}
	if p.API == "" {
		p.API = localAPI
	}
	return p, nil
}

// save writes the file whole, or leaves it as it was: a crash leaves a file beside it that nobody reads.
func (c config) save() error {
	text, err := yaml.Marshal(c)
	if err != nil {
		return fmt.Errorf("writing the configuration: %w", err)
	}
	path := c.path
	if target, err := filepath.EvalSymlinks(path); err == nil { // the link stays, as where settings are kept elsewhere
		path = target
	}
	folder := filepath.Dir(path)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return fmt.Errorf("making the configuration's folder: %w", err)
	}
	f, err := os.CreateTemp(folder, ".config-*.yaml") // its mode is 0600
	if err != nil {
		return fmt.Errorf("writing the configuration: %w", err)
	}
	defer os.Remove(f.Name()) // gone by then, if all went well
	_, err = f.Write(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("writing configuration file %s: %w", c.path, err)
	}
	return nil
}
