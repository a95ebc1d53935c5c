package house_test

// plantedCalls are faults of the rules about clock, goroutines and settings.
func plantedCalls() []planted {
	return []planted{
		{"a noun reads the clock", "shared/replay/x.go", "import \"time\"\nvar errX = time.Now()", "replay uses time.Now"},
		{"api starts a goroutine", "shared/api/x.go", "func f() { go f() }", "api starts a goroutine"},
		{"settle keeps a ticker", "shared/settle/x.go", "import \"time\"\nfunc f() { time.NewTicker(1) }", "settle uses time.NewTicker"},
		{"egress hands a goroutine to a wait group", "shared/egress/x.go", "import \"sync\"\nfunc f(g *sync.WaitGroup) { g.Go(func() {}) }", "egress starts a goroutine by Go"},
		{"sweep hands a function to an errgroup", "shared/sweep/x.go", "func f(work func() error) { group.Go(work) }", "sweep starts a goroutine by Go"},
		{"sweep asks an errgroup for a goroutine", "shared/sweep/x.go", "func f(work func() error) { group.TryGo(work) }", "sweep starts a goroutine by TryGo"},
		{"fanout waits for the end of a context", "shared/fanout/x.go", "import \"context\"\nfunc f(ctx context.Context) { context.AfterFunc(ctx, f2) }", "fanout uses context.AfterFunc"},
		{"the queue's file that works may start goroutines", "shared/sqlite/queue_work.go", "func f() { go f(); hands.Go(f) }", ""},
		{"the queue's other file may not", "shared/sqlite/queue.go", "func f() { go f() }", "sqlite starts a goroutine"},
		{"deliver reads a batch ahead", "shared/deliver/post.go", "func f() { go f() }", ""},
		{"deliver starts a goroutine elsewhere", "shared/deliver/deliver.go", "func f() { go f() }", "deliver starts a goroutine"},
		{"local starts everything", "shared/local/x.go", "func f() { go f(); parts.Go(f) }", ""},
		{"a clock by another name", "shared/sqlite/x.go", "import t \"time\"\nvar errX = t.Now()", "sqlite uses time.Now"},
		{"a clock by two names", "shared/sqlite/x.go", "import \"time\"\nimport t \"time\"\nvar errX = t.Since(time.Time{})", "sqlite uses time.Since"},
		{"another thing by the clock's name", "shared/sqlite/x.go", "import t \"time\"\nvar errX = time.Now(t.Second)", ""},
		{"a dot import", "shared/sqlite/x.go", "import . \"time\"\nvar errX = Now()", "sqlite imports time by a dot"},
		{"a dot import in a test", "shared/sqlite/x_test.go", "import . \"time\"", "sqlite imports time by a dot"},
		{"egress reads the environment by another name", "shared/egress/x.go", "import sys \"os\"\nfunc f() { sys.Getenv(\"X\") }", "egress uses os.Getenv"},
		{"egress reads the environment", "shared/egress/x.go", "import \"os\"\nfunc f() { os.Getenv(\"X\") }", "egress uses os.Getenv"},
	}
}

// plantedKeys are faults of the rule about log lines.
func plantedKeys() []planted {
	return []planted{
		{"a job's id by another key", "shared/sqlite/x.go", "import \"log/slog\"\nfunc f() { slog.Info(\"x\", \"org\", 1, \"job_id\", 2) }", `sqlite logs the key "job_id": say "job"`},
		{"an error by another key", "shared/local/x.go", "func f() { log.WarnContext(ctx, \"x\", \"error\", err) }", `say "err"`},
		{"a logger that keeps another key", "shared/api/x.go", "import l \"log/slog\"\nfunc f() { l.With(\"org_id\", 1) }", `say "org"`},
		{"an attribute of another key", "shared/api/x.go", "import \"log/slog\"\nfunc f() { log.LogAttrs(ctx, 0, \"x\", slog.String(\"error\", \"x\")) }", `say "err"`},
		{"another key after an attribute", "shared/api/x.go", "import \"log/slog\"\nfunc f() { log.Info(\"x\", slog.Int(\"n\", 1), \"job_id\", 2) }", `say "job"`},
		{"the words as message and values", "shared/api/x.go", "import \"net/http\"\nfunc f() { log.Info(\"error\", \"err\", \"error\"); http.Error(w, \"error\", 500) }", ""},
	}
}
