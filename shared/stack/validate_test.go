package stack_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"reprise/shared/stack"
	"reprise/shared/stacktest"
)

// tool is a program of a part, away from samconfig.toml and quiet about its use.
func tool(t *testing.T, part, program string, args ...string) (said string, err error) {
	t.Helper()
	dir, err := stack.Part(part)
	stacktest.Need(t, err)
	cmd := exec.CommandContext(t.Context(), filepath.Join(dir, "bin", program), args...)
	cmd.Dir = t.TempDir()
	cmd.Env = append(os.Environ(), "SAM_CLI_TELEMETRY=0", "AWS_ACCESS_KEY_ID=none", "AWS_SECRET_ACCESS_KEY=none")
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// judges are three, because each lets pass what another refuses. To cfn-lint a warning is an error, but for the exceptions
// beside the resources that they are of.
func judges() map[string]func(*testing.T, string) (string, error) {
	return map[string]func(*testing.T, string) (string, error){
		"sam validate": func(t *testing.T, name string) (string, error) {
			return tool(t, "SAM", "sam", "validate", "--region", stack.Region, "--template-file", name)
		},
		"sam validate --lint": func(t *testing.T, name string) (string, error) {
			return tool(t, "SAM", "sam", "validate", "--lint", "--region", stack.Region, "--template-file", name)
		},
		"cfn-lint": func(t *testing.T, name string) (string, error) {
			return tool(t, "LINT", "cfn-lint", "--non-zero-exit-code", "informational", name)
		},
	}
}

func TestTheTemplateIsValid(t *testing.T) {
	root, err := stack.Root()
	if err != nil {
		t.Fatal(err)
	}
	for name, judge := range judges() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if said, err := judge(t, filepath.Join(root, "template.yaml")); err != nil {
				t.Errorf("%v\n%s", err, said)
			}
		})
	}
}

func TestWhatIsNotValidIsRefused(t *testing.T) {
	source, err := os.ReadFile(filepath.Join("..", "..", "template.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	rows := []struct {
		judge string
		planted
	}{
		{"sam validate", planted{"a domain by a condition", "Api", "    Properties:", "    Properties:\n      Domain: !If [HasDomain, {DomainName: !Ref Domain, CertificateArn: !Ref CertificateArn}, !Ref AWS::NoValue]", "Domain"}},
		{"sam validate --lint", planted{"a queue that cannot be", "SliceQueue", "VisibilityTimeout: 360", "VisibilityTimeout: 3600000", "E3034"}},
		{"cfn-lint", planted{"a warning whose exception is not there", "Apex", "    Metadata:", "    # Metadata:", "W1030"}},
	}
	for _, row := range rows {
		t.Run(row.story, func(t *testing.T) {
			t.Parallel()
			name := filepath.Join(t.TempDir(), "template.yaml")
			if err := os.WriteFile(name, []byte(plant(t, string(source), row.planted)), 0o600); err != nil {
				t.Fatal(err)
			}
			if said, err := judges()[row.judge](t, name); err == nil || !strings.Contains(said, row.want) {
				t.Errorf("%v: got %q, want %q", err, said, row.want)
			}
		})
	}
}

func TestEveryExceptionOfALinterHasAReason(t *testing.T) {
	source, err := os.ReadFile(filepath.Join("..", "..", "template.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for n, line := range strings.Split(string(source), "\n") {
		if strings.Contains(line, "ignore_checks") && !strings.Contains(line, "# ") {
			t.Errorf("template.yaml:%d: why?", n+1)
		}
	}
}

// TestSAMKnowsEachEnvironment: samconfig.toml is read as a whole, and an environment that is not there is an error of SAM's.
func TestSAMKnowsEachEnvironment(t *testing.T) {
	root, err := stack.Root()
	if err != nil {
		t.Fatal(err)
	}
	for _, environment := range []string{"default", "dev", "prod"} {
		t.Run(environment, func(t *testing.T) {
			t.Parallel()
			said, err := tool(t, "SAM", "sam", "validate", "--debug", "--config-env", environment, "--config-file", filepath.Join(root, "samconfig.toml"),
				"--template-file", filepath.Join(root, "template.yaml"))
			if err != nil || !strings.Contains(said, "'stack_name': 'reprise") {
				t.Errorf("%v\n%s", err, said)
			}
		})
	}
}

// TestADeployNeedsNothingButCredentials runs the Makefile's own command on the template as it is, where nobody has any.
func TestADeployNeedsNothingButCredentials(t *testing.T) {
	_, err := stack.Part("SAM")
	stacktest.Need(t, err)
	root, err := stack.Root()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for from, to := range map[string]string{
		"Makefile": "Makefile", "samconfig.toml": "samconfig.toml", ".ci/parts": ".ci/parts", "template.yaml": ".aws-sam/deploy/template.yaml",
	} {
		text, err := os.ReadFile(filepath.Join(root, from))
		if err == nil {
			err = os.MkdirAll(filepath.Join(dir, filepath.Dir(to)), 0o755)
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, to), text, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, environment := range []string{"dev", "prod"} {
		t.Run(environment, func(t *testing.T) {
			t.Parallel()
			show := exec.CommandContext(t.Context(), "make", "-n", "--no-print-directory", "deploy", "ENV="+environment)
			show.Dir, show.Env = dir, append(os.Environ(), "MAKEFLAGS=") // of a make that may be above us
			said, err := show.CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, said)
			}
			lines := strings.Split(strings.TrimSpace(string(said)), "\n")
			deploy := exec.CommandContext(t.Context(), "bash", "-c", lines[len(lines)-1])
			deploy.Dir = dir
			deploy.Env = []string{
				"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "AWS_EC2_METADATA_DISABLED=true", "SAM_CLI_TELEMETRY=0",
			}
			if said, err = deploy.CombinedOutput(); err == nil || !strings.Contains(string(said), "Unable to locate credentials") {
				t.Errorf("%s: %v\n%s", lines[len(lines)-1], err, said)
			}
		})
	}
}
