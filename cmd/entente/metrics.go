package main

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"golang.org/x/net/netutil"

	"entente/node"
)

// metrics are what an operator's monitoring reads. Groups are named by the first digits of their ids; no label names an office,
// an instrument or a text.
type metrics struct {
	node     *node.Node // set before the first scrape
	sessions func() int // likewise
	registry *prometheus.Registry
	log      *slog.Logger

	commit     prometheus.Histogram
	operations prometheus.Counter
	failures   prometheus.Counter
}

const (
	scrapeTimeout = 10 * time.Second
	scrapeConns   = 8 // at a time: one scraper needs one
)

func newMetrics(log *slog.Logger) *metrics {
	m := &metrics{registry: prometheus.NewRegistry(), log: log,
		commit: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "entente_commit_seconds", Help: "Time of a commit, its sync to disk included.",
			Buckets: prometheus.ExponentialBuckets(0.0005, 2, 14)}),
		operations: prometheus.NewCounter(prometheus.CounterOpts{Name: "entente_commit_operations_total", Help: "Operations that commits took."}),
		failures:   prometheus.NewCounter(prometheus.CounterOpts{Name: "entente_commit_failures_total", Help: "Commits that failed; nothing of them was written."}),
	}
	info := prometheus.NewGauge(prometheus.GaugeOpts{Name: "entente_build_info", Help: "1, with the version of the program.", ConstLabels: prometheus.Labels{"version": version()}})
	info.Set(1)
	m.registry.MustRegister(m.commit, m.operations, m.failures, info, m, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// committed is told of every commit.
func (m *metrics) committed(c node.Commit) {
	m.commit.Observe(c.Took.Seconds())
	m.operations.Add(float64(c.Operations))
	if c.Err != nil {
		m.failures.Inc()
	}
}

// metric describes one gauge that is computed when it is read.
func metric(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("entente_"+name, help, labels, nil)
}

var (
	descReady      = metric("ready", "1 when the node can do all of its work.")
	descCondition  = metric("condition", "1 for each reason why it is not ready.", "code")
	descQueue      = metric("queue_operations", "Operations that wait for a commit.")
	descSessions   = metric("sessions", "Sign-ins to the pages that have not ended.")
	descDatabase   = metric("database_bytes", "Bytes of the database with its journal.")
	descKeys       = metric("key_file_bytes", "Bytes of the file of data keys.")
	descFree       = metric("disk_free_bytes", "Bytes that may still be written to the disk of the node's folder.")
	descRecords    = metric("records", "Records held of a party's log.", "group", "party")
	descCounted    = metric("records_counted", "Records of them that count.", "group", "party")
	descHeldBack   = metric("records_held_back", "Records held back until what they know is here.", "group")
	descReadOnly   = metric("group_read_only", "1 when the group is read-only after a restore.", "group")
	descDrafts     = metric("drafts", "Acts that wait for signatures.", "group")
	descAlarms     = metric("alarms", "Alarms that stand, by code.", "group", "code")
	descBehind     = metric("peer_unacknowledged_records", "Records of our log that a peer has not acknowledged.", "group", "peer")
	descContact    = metric("peer_contact_age_seconds", "Seconds since a peer last answered; +Inf: never.", "group", "peer")
	descConflict   = metric("peer_conflict", "1 when a peer's log conflicts with what it signed before.", "group", "peer")
	descCheckOK    = metric("check_ok", "1 when everything held in the last full check, 0 when not; absent before the first.")
	descCheckAge   = metric("check_age_seconds", "Seconds since the last full check began.")
	descCheckTook  = metric("check_duration_seconds", "How long the last full check took.")
	descCheckFound = metric("check_faults", "Faults that the last full check found.")
)

// Describe implements prometheus.Collector.
func (m *metrics) Describe(c chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{descReady, descCondition, descQueue, descSessions, descDatabase, descKeys, descFree, descRecords, descCounted, descHeldBack, descReadOnly,
		descDrafts, descAlarms, descBehind, descContact, descConflict, descCheckOK, descCheckAge, descCheckTook, descCheckFound} {
		c <- d
	}
}

// Collect implements prometheus.Collector.
func (m *metrics) Collect(c chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), scrapeTimeout)
	defer cancel()
	put := func(d *prometheus.Desc, v float64, labels ...string) {
		c <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	reasons := m.node.Conditions(ctx)
	put(descReady, one(len(reasons) == 0))
	for _, r := range reasons {
		put(descCondition, 1, r.Code)
	}
	put(descSessions, float64(m.sessions()))
	s, err := m.node.Stats(ctx)
	if err != nil {
		m.log.Warn("metrics are incomplete", "err", err)
		return
	}
	put(descQueue, float64(s.Queue))
	put(descDatabase, float64(s.Usage.Database))
	put(descKeys, float64(s.Usage.Keys))
	if s.Usage.Known {
		put(descFree, float64(s.Usage.Free))
	}
	now := m.node.Now()
	for _, g := range s.Groups {
		put(descHeldBack, float64(g.HeldBack), g.Group)
		put(descReadOnly, one(g.ReadOnly), g.Group)
		put(descDrafts, float64(g.Drafts), g.Group)
		for code, n := range g.Alarms {
			put(descAlarms, float64(n), g.Group, code)
		}
		for _, l := range g.Logs {
			put(descRecords, float64(l.Held), g.Group, string(l.Party))
			put(descCounted, float64(l.Counted), g.Group, string(l.Party))
		}
		for _, p := range g.Peers {
			age := math.Inf(1)
			if p.Contact != 0 {
				age = float64(max(now-p.Contact, 0))
			}
			put(descBehind, float64(p.Behind), g.Group, string(p.Peer))
			put(descContact, age, g.Group, string(p.Peer))
			put(descConflict, one(p.Closed), g.Group, string(p.Peer))
		}
	}
	if k := s.Check; k != nil {
		put(descCheckOK, one(k.OK))
		put(descCheckAge, float64(max(now-k.Time, 0)))
		put(descCheckTook, float64(k.Millis)/1000)
		put(descCheckFound, float64(k.Found))
	}
}

func one(is bool) float64 {
	if is {
		return 1
	}
	return 0
}

// serve answers GET /metrics on a listener of its own until ctx ends.
func (m *metrics) serve(ctx context.Context, l net.Listener) error {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError, MaxRequestsInFlight: scrapeConns,
		Timeout: 2 * scrapeTimeout, DisableCompression: true}))
	srv := &http.Server{Handler: mux, MaxHeaderBytes: 16 << 10, ReadHeaderTimeout: scrapeTimeout, ReadTimeout: scrapeTimeout, WriteTimeout: 3 * scrapeTimeout,
		IdleTimeout: 2 * time.Minute, ErrorLog: slog.NewLogLogger(m.log.Handler(), slog.LevelDebug)}
	ended := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(ended)
		soon, cancel := context.WithTimeout(context.WithoutCancel(ctx), scrapeTimeout) // a scrape under way uses the node
		defer cancel()
		if srv.Shutdown(soon) != nil {
			_ = srv.Close()
		}
	})
	err := srv.Serve(netutil.LimitListener(l, scrapeConns))
	if !stop() {
		<-ended
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}
