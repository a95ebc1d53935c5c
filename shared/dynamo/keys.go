package dynamo

import (
	"cmp"
	"context"
	"crypto/ed25519"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"reprise/shared/auditlog"
	"reprise/shared/replay"
)

// Keys is the table of signing keys: the current one, those that are retired. There are a few, read all together.
type Keys struct{ table }

// NewKeys is the table of that name.
func NewKeys(db *dynamodb.Client, name string) *Keys { return &Keys{table{db, name}} }

const (
	// publicHalf is the attributes that everybody may know. The JWKS function's role names the same four.
	publicHalf = "#kid, #public, #place, #schema"
	wholeKey   = publicHalf + ", #private, #made_at"
)

// storedKey is a key with its place in the order in which they were added.
type storedKey struct {
	auditlog.PublicKey
	place int64
	it    item
}

// all is every key, the one that was added last first.
func (k *Keys) all(ctx context.Context, projection string) ([]storedKey, error) {
	var keys []storedKey
	pages := dynamodb.NewScanPaginator(k.db, &dynamodb.ScanInput{
		TableName: &k.name, ConsistentRead: aws.Bool(true),
		Select: types.SelectSpecificAttributes, ProjectionExpression: &projection, ExpressionAttributeNames: names(projection),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, it := range page.Items {
			key, err := readKey(it)
			if err != nil {
				return nil, err
			}
			keys = append(keys, key)
		}
	}
	slices.SortFunc(keys, func(a, b storedKey) int { return cmp.Or(cmp.Compare(b.place, a.place), cmp.Compare(b.ID, a.ID)) })
	return keys, nil
}

func readKey(it item) (storedKey, error) {
	r := read(it)
	key := storedKey{auditlog.PublicKey{ID: r.text("kid"), Public: r.blob("public")}, r.int64("place"), it}
	if r.err == nil && len(key.Public) != ed25519.PublicKeySize {
		r.fail("public", fmt.Errorf("it has %d bytes", len(key.Public)))
	}
	if r.err != nil {
		return storedKey{}, fmt.Errorf("the stored key %s: %w", key.ID, r.err)
	}
	return key, nil
}

// AddKey makes the key the current signing key, unless it is there already; see storetest.Desk. Its place is the next: of two
// that are added in the same moment either may be the last.
func (k *Keys) AddKey(ctx context.Context, key auditlog.Key) error {
	if len(key.Private) != ed25519.PrivateKeySize {
		return fmt.Errorf("adding signing key %s: a private key has %d bytes, this one %d", key.ID, ed25519.PrivateKeySize, len(key.Private))
	}
	there, err := k.all(ctx, publicHalf)
	if err == nil {
		place := int64(1)
		if len(there) > 0 {
			place += there[0].place
		}
		_, _, err = k.put(ctx, keyItem(key, place), where{condition: "attribute_not_exists(#kid)"})
	}
	if err != nil {
		return fmt.Errorf("adding signing key %s: %w", key.ID, err)
	}
	return nil
}

func keyItem(key auditlog.Key, place int64) item {
	return item{
		"kid": text(key.ID), "schema": number(schema), "place": number(place),
		"public": blob(key.Public().Public), "private": blob(key.Private), "made_at": moment(key.Made),
	}
}

// SigningKey is the key that was added last, or ErrNotFound; see intake.Keys.
func (k *Keys) SigningKey(ctx context.Context) (auditlog.Key, error) {
	keys, err := k.all(ctx, wholeKey)
	if err == nil && len(keys) == 0 {
		err = replay.ErrNotFound
	}
	var key auditlog.Key
	if err == nil {
		key, err = readSigningKey(keys[0])
	}
	if err != nil {
		return auditlog.Key{}, fmt.Errorf("reading the signing key: %w", err)
	}
	return key, nil
}

func readSigningKey(stored storedKey) (auditlog.Key, error) {
	r := read(stored.it)
	key := auditlog.Key{ID: stored.ID, Private: r.blob("private"), Made: r.moment("made_at")}
	if r.err == nil && len(key.Private) != ed25519.PrivateKeySize {
		r.fail("private", fmt.Errorf("it has %d bytes", len(key.Private)))
	}
	if r.err == nil && !key.Public().Public.Equal(stored.Public) {
		r.fail("private", fmt.Errorf("it is not the other half of the public key"))
	}
	if r.err != nil {
		return auditlog.Key{}, fmt.Errorf("the stored key %s: %w", stored.ID, r.err)
	}
	return key, nil
}

// PublicKeys is the current signing key, then the retired ones, newest first; see api.PublicKeys.
func (k *Keys) PublicKeys(ctx context.Context) ([]auditlog.PublicKey, error) {
	keys, err := k.all(ctx, publicHalf)
	if err != nil {
		return nil, fmt.Errorf("reading the public keys: %w", err)
	}
	var public []auditlog.PublicKey
	for _, key := range keys {
		public = append(public, key.PublicKey)
	}
	return public, nil
}
