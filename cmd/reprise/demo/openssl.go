package demo

import (
	"bytes"
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"

	"golang.org/x/sync/errgroup"
)

// openSSL is the system's own, which checks signatures with no code of ours but what finds them in the line.
type openSSL struct {
	version string
	folder  string   // for the files that it reads
	keys    []string // PEM files
}

// errNoOpenSSL is its absence.
var errNoOpenSSL = errors.New("there is no OpenSSL 3 here, which alone can check Ed25519 from the command line; on Debian: apt-get install openssl; on macOS, whose own is another: brew install openssl, then PATH=\"$(brew --prefix openssl)/bin:$PATH\"")

// findOpenSSL writes the keys where it can read them, below the folder.
func findOpenSSL(ctx context.Context, folder string, keys publicKeys) (*openSSL, error) {
	said, err := exec.CommandContext(ctx, "openssl", "version").Output()
	version := regexp.MustCompile(`^OpenSSL ([3-9]|\d\d+)\.[^ ]*`).Find(said)
	if err != nil || version == nil {
		return nil, errNoOpenSSL
	}
	o := &openSSL{version: string(version), folder: folder}
	for i, k := range keys {
		// RFC 8410 §4: a SubjectPublicKeyInfo of id-Ed25519 is these twelve bytes, then the key.
		der := append([]byte{0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00}, k...)
		path := filepath.Join(folder, fmt.Sprintf("key-%d.pem", i+1))
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), 0o600); err != nil {
			return nil, err
		}
		o.keys = append(o.keys, path)
	}
	return o, nil
}

// verify checks lines, some at once; wrong is the places of those whose signature no key verifies.
func (o *openSSL) verify(ctx context.Context, f Format, lines [][]byte) (wrong []int, err error) {
	right := make([]bool, len(lines))
	checks, ctx := errgroup.WithContext(ctx)
	checks.SetLimit(4)
	for i, line := range lines {
		checks.Go(func() (err error) {
			right[i], err = o.verifyOne(ctx, filepath.Join(o.folder, fmt.Sprintf("line-%d", i)), f, line)
			return err
		})
	}
	if err := checks.Wait(); err != nil {
		return nil, err
	}
	for i, ok := range right {
		if !ok {
			wrong = append(wrong, i)
		}
	}
	return wrong, nil
}

func (o *openSSL) verifyOne(ctx context.Context, file string, f Format, line []byte) (bool, error) {
	signed, signature, ok := f.unseal(line)
	if !ok {
		return false, nil
	}
	seal := file + ".sig"
	defer func() { _ = errors.Join(os.Remove(file), os.Remove(seal)) }()
	if err := errors.Join(os.WriteFile(file, signed, 0o600), os.WriteFile(seal, signature, 0o600)); err != nil {
		return false, err
	}
	for _, key := range o.keys {
		said, err := exec.CommandContext(ctx, "openssl", "pkeyutl", "-verify", "-pubin", "-inkey", key, "-rawin", "-in", file, "-sigfile", seal).CombinedOutput()
		switch {
		case err == nil && bytes.Contains(said, []byte("Signature Verified Successfully")):
			return true, nil
		case !bytes.Contains(said, []byte("Signature Verification Failure")):
			return false, fmt.Errorf("openssl pkeyutl -verify: %w: %.200s", err, said)
		}
	}
	return false, nil
}
