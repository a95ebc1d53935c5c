package lambdatest

import (
	"fmt"
	"path/filepath"
	"runtime"

	"reprise/shared/stack"
)

// emulator is AWS's Lambda runtime interface emulator, which is a part of SAM.
func emulator() (string, error) {
	if runtime.GOOS != "linux" {
		return "", &stack.Missing{Err: fmt.Errorf("this is %s, and AWS's runtime interface emulator runs on Linux alone", runtime.GOOS)}
	}
	sam, err := stack.Part("SAM")
	if err != nil {
		return "", err
	}
	name := "aws-lambda-rie-" + map[string]string{"amd64": "x86_64"}[runtime.GOARCH]
	if runtime.GOARCH != "amd64" {
		name += runtime.GOARCH
	}
	found, err := filepath.Glob(filepath.Join(sam, "lib", "python3*", "site-packages", "samcli", "local", "rapid", name))
	if err != nil || len(found) == 0 {
		return "", &stack.Missing{Part: "SAM", Err: fmt.Errorf("it has no %s", name)}
	}
	return found[0], nil
}
