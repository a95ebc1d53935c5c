package auditlog

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// testKey is made of the seed of RFC 8037, appendix A.1.
func testKey(t testing.TB) Key {
	t.Helper()
	seed, ok := unbase64([]byte("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"), ed25519.SeedSize)
	if !ok {
		t.Fatal("the seed is not base64url")
	}
	k, err := NewKey(bytes.NewReader(seed), time.Date(2025, 6, 15, 12, 0, 0, 999_999, time.FixedZone("", 3600)))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func testEntry(t testing.TB) Entry {
	t.Helper()
	e, err := Parse([]byte(`{"name":"Ingress","event_class_id":"c","rt":1750000000000,"query":"a=\",\"sig\":\""}`), org, now())
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestAKeyIsNamedByItsThumbprint(t *testing.T) {
	k := testKey(t)
	if want := "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"; k.ID != want { // RFC 8037, appendix A.3
		t.Errorf("got %s, want %s", k.ID, want)
	}
	if diff := cmp.Diff(time.Date(2025, 6, 15, 11, 0, 0, 0, time.UTC), k.Made); diff != "" {
		t.Error(diff)
	}
}

func TestNoRandomnessMakesNoKey(t *testing.T) {
	if _, err := NewKey(io.LimitReader(bytes.NewReader(make([]byte, 99)), 31), now()); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("got %v", err)
	}
}

func TestASignedLineIsTheEntryWithSigAsItsLastMember(t *testing.T) {
	k, e := testKey(t), testEntry(t)
	line := k.Sign([]byte("before "), e)
	if len(line) != len("before ")+len(e.Raw)+SignatureSize {
		t.Errorf("got %d bytes", len(line))
	}
	line, ok := bytes.CutPrefix(line, []byte("before "))
	if !ok || !bytes.HasPrefix(line, append(e.Raw[:len(e.Raw)-1:len(e.Raw)-1], `,"sig":"`...)) || !json.Valid(line) {
		t.Errorf("got %s", line)
	}
	other := PublicKey{ID: "other", Public: make([]byte, ed25519.PublicKeySize)}
	broken := PublicKey{ID: "broken", Public: []byte("short")}
	signed, ok := Verify(line, []PublicKey{broken, other, k.Public()})
	if !ok || !bytes.Equal(signed, e.Raw) {
		t.Errorf("got %s, %v", signed, ok)
	}
	if _, ok := Verify(line, []PublicKey{broken, other}); ok {
		t.Error("verified without the key")
	}
}

func TestNoChangedByteVerifies(t *testing.T) {
	k := testKey(t)
	line := k.Sign(nil, testEntry(t))
	keys := []PublicKey{k.Public()}
	for i := range line {
		for bit := range 8 {
			line[i] ^= 1 << bit
			if _, ok := Verify(line, keys); ok {
				t.Fatalf("verifies with bit %d of byte %d changed", bit, i)
			}
			line[i] ^= 1 << bit
		}
	}
	if _, ok := Verify(line, keys); !ok {
		t.Error("does not verify unchanged")
	}
}

func TestOnlyTheLastMemberIsASignature(t *testing.T) {
	k := testKey(t)
	e := testEntry(t)
	line := string(k.Sign(nil, e))
	sig := line[len(e.Raw)-1 : len(line)-1]
	stories := map[string]string{
		"nothing":                "",
		"only a signature":       "{" + sig[1:] + "}",
		"nothing but its end":    sig + "}",
		"twice":                  line[:len(line)-1] + sig + "}",
		"another member behind":  line[:len(line)-1] + `,"x":1}`,
		"a newline behind":       line + "\n",
		"first":                  "{" + sig[1:] + "," + string(e.Raw[1:]),
		"with padding":           strings.TrimSuffix(line, `"}`) + `=="}`,
		"a newline in it":        line[:len(line)-10] + "\n" + line[len(line)-9:],
		"a sample, another's":    sampleAccess,
		"an entry without it":    string(e.Raw),
		"a space before the key": strings.Replace(line, sig, ", "+sig[1:], 1),
	}
	for name, line := range stories {
		if signed, ok := Verify([]byte(line), []PublicKey{k.Public()}); ok || signed != nil {
			t.Errorf("%s: verified", name)
		}
	}
}

func TestAKeyKeepsItsPrivateHalf(t *testing.T) {
	k := testKey(t)
	var out strings.Builder
	for _, v := range []any{k, &k, struct{ K Key }{k}, []Key{k}, map[string]Key{"k": k}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x", "%X", "%o", "%08b"} {
			fmt.Fprintf(&out, verb+"\n", v)
		}
		fmt.Fprintln(&out, v)
		for _, h := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
			slog.New(h).Info("a key", "key", v)
		}
		b, err := json.Marshal(v)
		if err == nil {
			t.Errorf("%T has a JSON form", v)
		}
		out.Write(b)
	}
	private := []byte(k.Private)
	encoded, err := json.Marshal(private)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{
		string(private[:8]), fmt.Sprint(private[:8])[1:20], fmt.Sprintf("%x", private[:8]), fmt.Sprintf("%X", private[:8]),
		fmt.Sprintf("%#v", private[:8])[8:24], string(encoded[1:11]), fmt.Sprintf("%o", private[:8])[1:20], fmt.Sprintf("%08b", private[:8])[1:20],
	} {
		if strings.Contains(out.String(), secret) {
			t.Errorf("shows %q", secret)
		}
	}
	if !strings.Contains(out.String(), k.ID) {
		t.Error("does not even name the key")
	}
}
