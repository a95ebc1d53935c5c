package contracttest

// A row is a rule of the contract, by a piece of its text, and the tests that hold it: "room.TestName" or, of one of its
// subtests, "room.TestName/subtest", as `go test -v` prints it.
type row struct {
	quote string
	tests []string
}

func held(quote string, tests ...string) row { return row{quote, tests} }

// rows is every row, by its section.
func rows() map[string][]row {
	return map[string][]row{"1": section1(), "2": section2(), "3": section3(), "4": section4(), "5": section5(), "6": section6(), "7": section7()}
}

// Where the same request is sent to both doors, then one of the store's contract, of the verbs' stories, on a file.
const (
	doors   = "apigw.TestBothDoorsAnswerAlike/"
	store   = "sqlite.TestTheStoreKeepsItsContract/"
	stories = "sqlite.TestTheVerbsKeepTheirPromisesOnIt/"
)
