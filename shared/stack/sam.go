package stack

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// SAM is the functions of a template as `sam local` runs them: each in a container, as it was built.
type SAM struct {
	program string
	dir     string            // of the template, and of what SAM leaves behind
	ids     map[string]string // of functions, by folder
	run     string            // by which its containers are known: process id, a dash and what nobody else has
}

// runVariable is that of a container's environment which says which SAM it is of.
const runVariable = "REPRISE_SAM_RUN"

// Architecture is this machine's, in CloudFormation's words.
func Architecture() string {
	if runtime.GOARCH == "arm64" {
		return "arm64"
	}
	return "x86_64"
}

// NewSAM writes to dir what SAM is told: the template itself, but that each function's code is what lies in code (a folder for
// each, by its logical id, as sam build leaves them), and that its environment has the names of what was created, and where
// the test servers are (Gate.Servers). The error is a *Missing where this machine has no SAM or runs no containers.
func (t *Template) NewSAM(ctx context.Context, dir, code string, base, queues *Server) (*SAM, error) {
	part, err := Part("SAM")
	if err != nil {
		return nil, err
	}
	image := "public.ecr.aws/lambda/provided:al2023-" + Architecture()
	if out, err := exec.CommandContext(ctx, "docker", "image", "inspect", "--format", "{{.Id}}", image).CombinedOutput(); err != nil {
		return nil, &Missing{"Docker with the image " + image, fmt.Errorf("%w: %s", err, bytes.TrimSpace(out))}
	}
	s := &SAM{filepath.Join(part, "bin", "sam"), dir, make(map[string]string), fmt.Sprintf("%d-%s", os.Getpid(), rand.Text())}
	for id, f := range t.Functions {
		s.ids[f.Folder] = id
	}
	text, err := t.localized(code, s.run, base, queues)
	if err != nil {
		return nil, err
	}
	return s, os.WriteFile(s.template(), text, 0o600)
}

func (s *SAM) template() string { return filepath.Join(s.dir, "template.json") }

// localized is the template with code and environment of this machine. SAM passes on only what a function's Environment names,
// and that is where the SDK looks for the servers' addresses.
func (t *Template) localized(code, run string, base, queues *Server) ([]byte, error) {
	doc, resources := maps.Clone(t.doc), maps.Clone(tree{t.doc}.at("Resources").mapping())
	for id := range t.Functions {
		place, err := filepath.Abs(filepath.Join(code, id))
		if err != nil {
			return nil, err
		}
		if _, err := os.Stat(filepath.Join(place, "bootstrap")); err != nil {
			return nil, fmt.Errorf("%s was not built (make build): %w", id, err)
		}
		list, err := t.Environment(id, base, queues)
		if err != nil {
			return nil, err
		}
		variables := map[string]string{runVariable: run}
		for _, pair := range list {
			key, value, _ := strings.Cut(pair, "=")
			variables[key] = value
		}
		resource := maps.Clone(tree{resources[id]}.mapping())
		properties := maps.Clone(tree{resource}.at("Properties").mapping())
		properties["CodeUri"] = place
		properties["Environment"] = map[string]any{"Variables": variables}
		properties["Architectures"] = []string{Architecture()}
		resource["Properties"] = properties
		resources[id] = resource
	}
	doc["Resources"] = resources
	return json.MarshalIndent(doc, "", " ")
}

// command is one of SAM's, which asks nothing and tells nobody.
func (s *SAM) command(ctx context.Context, args ...string) *exec.Cmd {
	args = append(args, "--template", s.template(), "--region", Region, "--skip-pull-image")
	cmd := exec.CommandContext(ctx, s.program, args...)
	cmd.WaitDelay = 10 * time.Second // for what it has started, where it was killed
	cmd.Dir = s.dir                  // where no samconfig.toml is
	// SAM asks STS, some ten seconds long where there is no way to it, which account the credentials are of: here, of none.
	cmd.Env = append(os.Environ(), "SAM_CLI_TELEMETRY=0", "AWS_ACCESS_KEY_ID="+testCredential, "AWS_SECRET_ACCESS_KEY="+testCredential,
		"AWS_SESSION_TOKEN=", "AWS_ENDPOINT_URL_STS=http://127.0.0.1:9", "AWS_MAX_ATTEMPTS=1")
	return cmd
}

// Invoke runs the function of that folder of functions/ with the event and returns its answer. What it and SAM logged goes to log.
func (s *SAM) Invoke(ctx context.Context, folder string, event []byte, log io.Writer) ([]byte, error) {
	id, ok := s.ids[folder]
	if !ok {
		return nil, fmt.Errorf("template.yaml has no function of functions/%s", folder)
	}
	cmd := s.command(ctx, "local", "invoke", id, "--event", "-")
	var out, said bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(event), &out, io.MultiWriter(&said, log)
	err := errors.Join(Run(cmd), s.remove())
	if err != nil {
		return nil, fmt.Errorf("sam local invoke %s: %w\n%s", id, err, said.String())
	}
	return bytes.TrimSpace(out.Bytes()), nil
}

// remove takes away the containers that SAM left, which leaves some even where it ends as it should; and those of a process
// that was killed before it could.
func (s *SAM) remove() error {
	ids, err := exec.Command("docker", "ps", "--all", "--quiet", "--no-trunc").Output()
	if err != nil || len(ids) == 0 {
		return err
	}
	args := append([]string{"inspect", "--format", "{{.Id}} {{json .Config.Env}}"}, strings.Fields(string(ids))...)
	out, _ := exec.Command("docker", args...).Output() // it fails where one of them has ended meanwhile, and tells of the others
	var errs []error
	for line := range strings.Lines(string(out)) {
		id, environment, _ := strings.Cut(line, " ")
		_, rest, marked := strings.Cut(environment, `"`+runVariable+`=`)
		if run, _, _ := strings.Cut(rest, `"`); marked && (run == s.run || orphaned(run)) {
			errs = append(errs, removeContainer(id))
		}
	}
	return errors.Join(errs...)
}

// removeContainer is no error where Docker or somebody else is about to do so.
func removeContainer(id string) error {
	out, err := exec.Command("docker", "rm", "--force", id).CombinedOutput()
	if err != nil && !bytes.Contains(out, []byte("is already in progress")) && !bytes.Contains(out, []byte("No such container")) {
		return fmt.Errorf("removing container %s: %w: %s", id, err, bytes.TrimSpace(out))
	}
	return nil
}

// API is a `sam local start-api` at work.
type API struct {
	URL    string
	sam    *SAM
	server *Server
}

// StartAPI serves the template's routes on a port of this machine, until Stop or this process's end. What the functions and SAM
// log goes to log.
func (s *SAM) StartAPI(ctx context.Context, log io.Writer) (*API, error) {
	server, err := Serve(ctx, "sam local start-api", log, func(port *Port) *exec.Cmd {
		return s.command(context.WithoutCancel(ctx), "local", "start-api", "--port", strconv.Itoa(port.Number), "--warm-containers", "LAZY")
	})
	if err != nil {
		return nil, errors.Join(err, s.remove())
	}
	return &API{URL: server.URL, sam: s, server: server}, nil
}

// Stop ends it, and its containers.
func (a *API) Stop() error {
	a.server.process.Kill()
	return a.sam.remove()
}
