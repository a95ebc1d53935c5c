package api_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"reprise/shared/access"
	"reprise/shared/auditlog"
	"reprise/shared/replay"
	"reprise/shared/webhook"
)

// shelf is a store that keeps the guarantees of the ports and checks what it is asked.
type shelf struct {
	t testing.TB

	mu        sync.Mutex
	tokens    map[access.Hash]access.Token
	jobs      map[replay.Scope]replay.Job
	plans     map[replay.Fence]replay.Plan
	rows      map[replay.Fence][]replay.Progress
	done      map[replay.Fence]bool
	counts    map[replay.Scope][]replay.Count
	hooks     map[replay.Scope]webhook.Config
	keys      []auditlog.PublicKey
	taken     map[replay.Scope][]auditlog.Entry
	bodies    [][32]byte
	signing   auditlog.Key          // none: the zero Key
	lookups   int                   // of tokens
	asked     replay.Scope          // the last one
	fail      error                 // of every call but Token
	before    func(context.Context) // runs before every call but Token, without the lock
	beforeEnd func()                // the same, of End alone
	accepts   int
}

func newShelf(t testing.TB) *shelf {
	return &shelf{
		t:      t,
		tokens: make(map[access.Hash]access.Token),
		jobs:   make(map[replay.Scope]replay.Job),
		plans:  make(map[replay.Fence]replay.Plan),
		rows:   make(map[replay.Fence][]replay.Progress),
		done:   make(map[replay.Fence]bool),
		counts: make(map[replay.Scope][]replay.Count),
		hooks:  make(map[replay.Scope]webhook.Config),
		taken:  make(map[replay.Scope][]auditlog.Entry),
	}
}

// enter is the beginning of every call; the caller unlocks.
func (s *shelf) enter(ctx context.Context, at replay.Scope) error {
	if s.before != nil {
		s.before(ctx)
	}
	s.mu.Lock()
	s.asked = at
	if at.Region == replay.GlobalRegion {
		s.t.Errorf("asked for %+v: no scope is global", at)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return s.fail
}

func (s *shelf) Token(_ context.Context, hash access.Hash) (access.Token, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lookups++
	token, ok := s.tokens[hash]
	if !ok {
		return access.Token{}, replay.ErrNotFound
	}
	return token, nil
}

func (s *shelf) SaveToken(secret string, p access.Principal, expires time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	hash := access.HashOf(secret)
	s.tokens[hash] = access.Token{Hash: hash, Principal: p, Expires: expires}
}

func (s *shelf) revoke(secret string, at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	token := s.tokens[access.HashOf(secret)]
	token.Revoked = at
	s.tokens[token.Hash] = token
}

func (s *shelf) Accept(ctx context.Context, jobs ...replay.Job) error {
	err := s.enter(ctx, jobs[0].Scope)
	defer s.mu.Unlock()
	if err != nil {
		return err
	}
	for _, j := range jobs {
		if j.Status != replay.Accepted || j.JobID == "" || j.Org == "" || j.AcceptedAt.IsZero() || j.Window.To.Before(j.Window.From) {
			s.t.Errorf("asked to accept %+v", j)
		}
		if old, ok := s.jobs[j.Scope]; ok && !old.Status.May(replay.Accepted) {
			return replay.ErrConflict
		}
	}
	s.accepts++
	for _, j := range jobs {
		s.jobs[j.Scope] = j
	}
	return nil
}

func (s *shelf) Job(ctx context.Context, at replay.Scope) (replay.Job, error) {
	err := s.enter(ctx, at)
	defer s.mu.Unlock()
	if err != nil {
		return replay.Job{}, err
	}
	job, ok := s.jobs[at]
	if !ok {
		return replay.Job{Fence: replay.Fence{Scope: at}, Status: replay.Unconfigured}, nil
	}
	return job, nil
}

func (s *shelf) Plan(ctx context.Context, f replay.Fence) (replay.Plan, error) {
	err := s.enter(ctx, f.Scope)
	defer s.mu.Unlock()
	if err != nil {
		return replay.Plan{}, err
	}
	plan, ok := s.plans[f]
	if !ok {
		return replay.Plan{}, replay.ErrNotFound
	}
	return plan, nil
}

func (s *shelf) Progress(ctx context.Context, f replay.Fence) ([]replay.Progress, error) {
	err := s.enter(ctx, f.Scope)
	defer s.mu.Unlock()
	return s.rows[f], err
}

func (s *shelf) CountsIn(ctx context.Context, at replay.Scope, _ replay.Window) ([]replay.Count, error) {
	err := s.enter(ctx, at)
	defer s.mu.Unlock()
	return s.counts[at], err
}

// End fails the job as settle's clerk does, but for what it knows of slices: those of a job in done are.
func (s *shelf) End(ctx context.Context, f replay.Fence, why replay.Failure) (failed bool, err error) {
	if s.beforeEnd != nil {
		s.beforeEnd()
	}
	err = s.enter(ctx, f.Scope)
	defer s.mu.Unlock()
	job := s.jobs[f.Scope]
	if err != nil || job.JobID != f.JobID || !job.Status.Live() {
		return false, err
	}
	if job.Status = replay.Failed; s.done[f] {
		job.Status, why = replay.Completed, replay.Failure{}
	}
	job.Failure = why
	s.jobs[f.Scope] = job
	return job.Status == replay.Failed, nil
}

func (s *shelf) Webhook(ctx context.Context, at replay.Scope) (webhook.Config, error) {
	err := s.enter(ctx, at)
	defer s.mu.Unlock()
	if err != nil {
		return webhook.Config{}, err
	}
	hook := s.hooks[at]
	hook.Scope = at
	return hook, nil
}

func (s *shelf) SaveWebhook(ctx context.Context, c webhook.Config) error {
	err := s.enter(ctx, c.Scope)
	defer s.mu.Unlock()
	if err != nil {
		return err
	}
	if c.Version < 1 || c.UpdatedAt.IsZero() || c.Format == "" {
		s.t.Errorf("asked to save %+v", c)
	}
	if s.hooks[c.Scope].Version != c.Version-1 {
		return replay.ErrConflict
	}
	s.hooks[c.Scope] = c
	return nil
}

// Attempted records the newest attempt; a test never turns a webhook off.
func (s *shelf) Attempted(ctx context.Context, c webhook.Config, a webhook.Attempt, off bool) error {
	err := s.enter(ctx, c.Scope)
	defer s.mu.Unlock()
	if err != nil {
		return err
	}
	if off {
		s.t.Error("asked to turn a webhook off")
	}
	if stored := s.hooks[c.Scope]; stored.Version == c.Version && !stored.Last.At.After(a.At) {
		stored.Last = a
		s.hooks[c.Scope] = stored
	}
	return nil
}

func (s *shelf) SigningKey(ctx context.Context) (auditlog.Key, error) {
	err := s.enter(ctx, replay.Scope{})
	defer s.mu.Unlock()
	if err == nil && s.signing.Private == nil {
		err = replay.ErrNotFound
	}
	return s.signing, err
}

func (s *shelf) PublicKeys(ctx context.Context) ([]auditlog.PublicKey, error) {
	err := s.enter(ctx, replay.Scope{})
	defer s.mu.Unlock()
	return s.keys, err
}

func (s *shelf) Take(ctx context.Context, at replay.Scope, body [32]byte, entries []auditlog.Entry) error {
	err := s.enter(ctx, at)
	defer s.mu.Unlock()
	if err != nil {
		return err
	}
	if len(entries) == 0 {
		s.t.Error("asked to take nothing")
	}
	s.taken[at] = append(s.taken[at], entries...)
	s.bodies = append(s.bodies, body)
	return nil
}

// all is what was taken in, wherever.
func (s *shelf) all() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, entries := range s.taken {
		n += len(entries)
	}
	return n
}
