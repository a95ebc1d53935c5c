package lambdatest

// pricesOf is the day of which the prices are, and where they are said: AWS's price pages of us-east-1, without free tiers.
const pricesOf = "2026-11-24"

// price is US dollars for one of something.
type price struct {
	what    string
	dollars float64 // for per of them
	per     float64
	page    string // of aws.amazon.com
}

func (p price) of(n float64) float64 { return n / p.per * p.dollars }

const (
	million = 1e6
	gb      = 1 << 30
)

// The prices, each said here alone.
var (
	readUnit    = price{"read request units", 0.125, million, "dynamodb/pricing/on-demand"} // halved in November 2024
	writeUnit   = price{"write request units", 0.625, million, "dynamodb/pricing/on-demand"}
	tableMonth  = price{"GB-month of a table", 0.25, 1, "dynamodb/pricing/on-demand"}
	backupMonth = price{"GB-month of point-in-time recovery", 0.20, 1, "dynamodb/pricing/on-demand"}
	fifoRequest = price{"SQS requests, FIFO", 0.50, million, "sqs/pricing"}
	computed    = price{"Lambda GB-seconds, arm64", 0.0000133334, 1, "lambda/pricing"}
	invoked     = price{"Lambda invocations", 0.20, million, "lambda/pricing"}
	httpRequest = price{"HTTP API requests, of 512 KB", 1.00, million, "api-gateway/pricing"}
	logged      = price{"log bytes", 0.50, gb, "cloudwatch/pricing"}
	logMonth    = price{"log bytes, kept a month", 0.03, gb, "cloudwatch/pricing"}
	keyRequest  = price{"KMS requests", 0.03, 10_000, "kms/pricing"}
	keyMonth    = price{"KMS key, a month", 1.00, 1, "kms/pricing"}
	sentOut     = price{"bytes to the internet", 0.09, gb, "ec2/pricing/on-demand"}
)
