package dynamo_test

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"reprise/shared/stack"
	"reprise/shared/stacktest"
	"reprise/shared/storetest"
)

// disturbedApart is how many writes lie between those that go wrong below the stories.
var disturbedApart = map[bool]int{true: 1, false: 120}[whole]

// proxied is a client whose requests go through a proxy.
func proxied(t *testing.T, options ...func(*dynamodb.Options)) (*dynamodb.Client, *stack.Proxy) {
	t.Helper()
	s, err := server()
	stacktest.Need(t, err)
	p := stack.NewProxy(s)
	t.Cleanup(p.Close)
	return client(t, append(options, p.Server().DynamoDB())...), p
}

// impatient gives an attempt up sooner than boot's client does, for the answers that never come; the others may take a while on a
// busy machine.
func impatient(o *dynamodb.Options) {
	o.HTTPClient = awshttp.NewBuildableClient().WithTimeout(500 * time.Millisecond)
}

// write names a request that writes: what it does to which table, and which move of a job it is.
func write(operation, body string) string {
	if operation != "PutItem" && operation != "UpdateItem" && operation != "TransactWriteItems" {
		return ""
	}
	table := regexp.MustCompile(`-(\w+)Table"`).FindStringSubmatch(body)
	name := operation + " " + table[1]
	if status := regexp.MustCompile(`":set_status":\{"S":"(\w+)"`).FindStringSubmatch(body); status != nil {
		name += " " + status[1]
	}
	if strings.Contains(body, `"item":{"S":"plan"}`) {
		name += " plan"
	}
	return name
}

// TestTheVerbsDoNotNoticeWhatTheSDKMends has writes go wrong on the way, each in some way: the SDK makes them again.
// TestAWriteThatTheSDKMakesAgainIsOneWrite has every write go wrong in every way, outside of a story.
func TestTheVerbsDoNotNoticeWhatTheSDKMends(t *testing.T) {
	db, proxy := proxied(t, impatient)
	ways, runs, met := stack.Faults(), 0, make(map[string]map[stack.Fault]int)
	storetest.Disturbed(t, disturbedApart, func(t *testing.T) storetest.Backend { return backend(t, db) }, func(n int) func() (string, int) {
		way := ways[runs%len(ways)]
		runs++
		proxy.Arm(n, n, way, write)
		return func() (string, int) {
			hit := proxy.Hit()
			if len(hit) == 0 {
				return "", proxy.Seen()
			}
			if met[hit[0]] == nil {
				met[hit[0]] = make(map[stack.Fault]int)
			}
			met[hit[0]][way]++
			return fmt.Sprintf("%s, %v", hit[0], way), proxy.Seen()
		}
	})
	for _, name := range slices.Sorted(maps.Keys(met)) {
		t.Logf("%-32s %v", name, met[name])
	}
}
