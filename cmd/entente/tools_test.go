package main

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"time"
)

// get URL [CERTIFICATE] prints the status, the name in the server's certificate and the body: what the scripts need of curl.
func get(args []string) int {
	c := &http.Client{Timeout: patience}
	if len(args) > 1 {
		b, err := os.ReadFile(args[1])
		pool := x509.NewCertPool()
		if err != nil || !pool.AppendCertsFromPEM(b) {
			fmt.Fprintln(os.Stderr, "no certificate in", args[1])
			return 2
		}
		c.Transport = &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: true}
	}
	res, err := c.Get(args[0])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer res.Body.Close()
	fmt.Println(res.Proto, res.StatusCode)
	if res.TLS != nil {
		fmt.Println(res.TLS.PeerCertificates[0].Subject.CommonName, tls.VersionName(res.TLS.Version))
	}
	_, err = io.Copy(os.Stdout, res.Body)
	if err != nil {
		return 1
	}
	return 0
}

// makeCert writes NAME.pem and NAME.key, a certificate of the loopback address that signs itself.
func makeCert(name string) int {
	pub, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return 1
	}
	t := &x509.Certificate{SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, t, t, pub, key)
	if err != nil {
		return 1
	}
	pk, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return 1
	}
	for suffix, b := range map[string]*pem.Block{".pem": {Type: "CERTIFICATE", Bytes: der}, ".key": {Type: "PRIVATE KEY", Bytes: pk}} {
		if err := os.WriteFile(name+suffix, pem.EncodeToMemory(b), 0o600); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	return 0
}
