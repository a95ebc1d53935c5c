package auditlog

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
)

// The signature and the JWKS are read here as an auditor would who has the contract and OpenSSL, but not this package.
func TestOpenSSLVerifiesALineWithTheKeyOfTheJWKS(t *testing.T) {
	if _, err := exec.LookPath("openssl"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("openssl is not installed")
		}
		t.Skip("openssl is not installed: `apt install openssl` (3.0 or later) adds this check")
	}
	k := testKey(t)
	var set struct{ Keys []struct{ X string } }
	if err := json.Unmarshal(JWKS([]PublicKey{k.Public()}), &set); err != nil {
		t.Fatal(err)
	}
	x, err := base64.RawURLEncoding.DecodeString(set.Keys[0].X)
	if err != nil {
		t.Fatal(err)
	}
	// RFC 8410 §4: a SubjectPublicKeyInfo of id-Ed25519 is these twelve bytes, then the key.
	der := append([]byte{0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00}, x...)
	line := k.Sign(nil, testEntry(t))
	parts := regexp.MustCompile(`^(.*),"sig":"([^"]*)"}$`).FindSubmatch(line)
	signature, err := base64.RawURLEncoding.DecodeString(string(parts[2]))
	if err != nil {
		t.Fatal(err)
	}
	public := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	signed := append(parts[1], '}')
	if out, err := openssl(t, public, signed, signature); err != nil || !bytes.Contains(out, []byte("Verified Successfully")) {
		t.Errorf("%v: %s", err, out)
	}
	if out, err := openssl(t, public, append(signed, ' '), signature); err == nil {
		t.Errorf("a changed line verifies: %s", out)
	}
}

func openssl(t *testing.T, public, signed, signature []byte) ([]byte, error) {
	t.Helper()
	folder := t.TempDir()
	file := func(name string, content []byte) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	return exec.CommandContext(t.Context(), "openssl", "pkeyutl", "-verify", "-pubin", "-inkey", file("key.pem", public), "-rawin",
		"-in", file("signed", signed), "-sigfile", file("signature", signature)).CombinedOutput()
}
