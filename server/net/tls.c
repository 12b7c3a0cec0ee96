/* TLS settings and the certificate of the day. */
#include <errno.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "io.h"
#include "rongqiao/digest.h"

/* ECDHE with AEAD only (RFC 9325 section 4.2); TLS 1.3 suites are AEAD anyway. */
static const char tls12_ciphers[] = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
                                    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
                                    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
static const char key_groups[] = "X25519:P-256:P-384";
static const unsigned char http_1_1[] = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};

struct rq_tls {
    char *certificate_file;
    char *key_file;
    char *client_ca_file; /* "": clients are not asked for a certificate */
    BIO_METHOD *socket_method;
    pthread_mutex_t lock; /* over `current` */
    SSL_CTX *current;
};

/* The socket as OpenSSL sees it --------------------------------------------------------------------------
 * Like OpenSSL's own, but without SIGPIPE, and noting when a read came back short: then the socket is
 * empty and the next read can wait for an event. */

static int socket_read(BIO *bio, char *out, int room)
{
    rq_io *io = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    ssize_t got = recv(io->fd, out, (size_t)room, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        BIO_set_retry_read(bio);
    if (got == 0)
        BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
    else if (got < room && !io->peer_closed)
        io->readable = false;
    return (int)got;
}

static int socket_write(BIO *bio, const char *data, int length)
{
    rq_io *io = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    ssize_t put = send(io->fd, data, (size_t)length, MSG_NOSIGNAL);
    if (put < 0 && (errno == EAGAIN || errno == EINTR))
        BIO_set_retry_write(bio);
    return (int)put;
}

static long socket_control(BIO *bio, int command, long number, void *argument)
{
    (void)number;
    (void)argument;
    if (command == BIO_CTRL_EOF)
        return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0;
    return command == BIO_CTRL_FLUSH;
}

static BIO_METHOD *socket_method_new(void)
{
    int type = BIO_get_new_index();
    BIO_METHOD *method = type < 0 ? NULL : BIO_meth_new(type | BIO_TYPE_SOURCE_SINK, "rongqiao socket");
    if (method && BIO_meth_set_read(method, socket_read) && BIO_meth_set_write(method, socket_write) &&
        BIO_meth_set_ctrl(method, socket_control))
        return method;
    BIO_meth_free(method);
    return NULL;
}

/* Settings -------------------------------------------------------------------------------------------- */

/* Only http/1.1; a client that insists on another protocol is refused (RFC 7301 section 3.2). */
static int select_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_length,
                           const unsigned char *offered, unsigned offered_length, void *argument)
{
    (void)ssl;
    (void)argument;
    unsigned char *selected;
    int found =
        SSL_select_next_proto(&selected, out_length, http_1_1, sizeof http_1_1, offered, offered_length);
    *out = selected;
    return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

static rq_status fail_openssl(rq_error *error, rq_status status, const char *what, const char *file)
{
    char reason[160];
    unsigned long code = ERR_get_error();
    ERR_error_string_n(code, reason, sizeof reason);
    ERR_clear_error();
    return rq_fail(error, status, "%s %s: %s", what, file, code ? reason : "no reason given");
}

static bool apply_settings(SSL_CTX *context)
{
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                     SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_read_ahead(context, 1);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF); /* tickets carry the sessions */
    SSL_CTX_set_alpn_select_cb(context, select_protocol, NULL);
    SSL_CTX_set_verify(context, SSL_VERIFY_NONE, NULL);
    return SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 &&
           SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION) == 1 &&
           SSL_CTX_set_cipher_list(context, tls12_ciphers) == 1 &&
           SSL_CTX_set1_groups_list(context, key_groups) == 1 && SSL_CTX_set_num_tickets(context, 1) == 1 &&
           SSL_CTX_set_max_early_data(context, 0) == 1 &&
           SSL_CTX_set_session_id_context(context, http_1_1, sizeof http_1_1) == 1;
}

/* Clients may show a certificate; one that does not hold ends the handshake. A resumed session has the
 * certificate of its first handshake, for as long as the ticket's key lives. */
static bool ask_clients(SSL_CTX *context, const char *ca_file)
{
    enum { CHAIN_MAX = 4 };
    STACK_OF(X509_NAME) *names = SSL_load_client_CA_file(ca_file);
    if (!names)
        return false;
    SSL_CTX_set_client_CA_list(context, names);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_verify_depth(context, CHAIN_MAX);
    return SSL_CTX_load_verify_file(context, ca_file) == 1;
}

/* A password prompt would hang the server: an encrypted key is an error. */
static int no_password(char *out, int size, int writing, void *argument)
{
    (void)out;
    (void)size;
    (void)writing;
    (void)argument;
    return -1;
}

static rq_status context_new(const rq_tls *tls, SSL_CTX **out_context, rq_error *error)
{
    rq_status status = RQ_OK;
    ERR_clear_error();
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    if (!context)
        return fail_openssl(error, RQ_NOMEM, "no TLS context for", tls->certificate_file);
    SSL_CTX_set_default_passwd_cb(context, no_password);
    if (!apply_settings(context))
        status =
            fail_openssl(error, RQ_INTERNAL, "TLS settings are not accepted with", tls->certificate_file);
    else if (SSL_CTX_use_certificate_chain_file(context, tls->certificate_file) != 1)
        status = fail_openssl(error, RQ_INVALID, "cannot use certificate file", tls->certificate_file);
    else if (SSL_CTX_use_PrivateKey_file(context, tls->key_file, SSL_FILETYPE_PEM) != 1)
        status = fail_openssl(error, RQ_INVALID, "cannot use private key file", tls->key_file);
    else if (SSL_CTX_check_private_key(context) != 1)
        status = fail_openssl(error, RQ_INVALID, "the certificate does not fit private key", tls->key_file);
    else if (tls->client_ca_file[0] && !ask_clients(context, tls->client_ca_file))
        status = fail_openssl(error, RQ_INVALID, "cannot use client CA file", tls->client_ca_file);
    if (status == RQ_OK)
        *out_context = context;
    else
        SSL_CTX_free(context);
    return status;
}

/* Public ---------------------------------------------------------------------------------------------- */

rq_status rq_tls_new(const char *certificate_file, const char *key_file, const char *client_ca_file,
                     rq_tls **out_tls, rq_error *error)
{
    rq_tls *tls = calloc(1, sizeof *tls);
    if (!tls)
        return rq_fail(error, RQ_NOMEM, "no memory for TLS settings");
    pthread_mutex_init(&tls->lock, NULL);
    tls->certificate_file = strdup(certificate_file);
    tls->key_file = strdup(key_file);
    tls->client_ca_file = strdup(client_ca_file ? client_ca_file : "");
    tls->socket_method = socket_method_new();
    rq_status status = RQ_OK;
    if (!tls->certificate_file || !tls->key_file || !tls->client_ca_file || !tls->socket_method)
        status = rq_fail(error, RQ_NOMEM, "no memory for TLS settings");
    else
        status = context_new(tls, &tls->current, error);
    if (status == RQ_OK)
        *out_tls = tls;
    else
        rq_tls_free(tls);
    return status;
}

rq_status rq_tls_reload(rq_tls *tls, rq_error *error)
{
    SSL_CTX *context = NULL;
    rq_status status = context_new(tls, &context, error);
    if (status != RQ_OK)
        return status;
    pthread_mutex_lock(&tls->lock);
    SSL_CTX *old = tls->current;
    tls->current = context;
    pthread_mutex_unlock(&tls->lock);
    SSL_CTX_free(old); /* open connections hold references of their own */
    return RQ_OK;
}

void rq_tls_free(rq_tls *tls)
{
    if (!tls)
        return;
    SSL_CTX_free(tls->current);
    BIO_meth_free(tls->socket_method);
    pthread_mutex_destroy(&tls->lock);
    free(tls->certificate_file);
    free(tls->key_file);
    free(tls->client_ca_file);
    free(tls);
}

bool tls_thumbprint(const X509 *certificate, char out_text[RQ_THUMBPRINT_TEXT + 1])
{
    uint8_t digest[RQ_SHA256_BYTES];
    unsigned length = sizeof digest;
    if (X509_digest(certificate, EVP_sha256(), digest, &length) != 1 || length != sizeof digest)
        return false;
    rq_base64url(digest, sizeof digest, out_text);
    return true;
}

rq_status rq_thumbprint_of_file(const char *file, char out_text[RQ_THUMBPRINT_TEXT + 1], rq_error *error)
{
    BIO *bio = BIO_new_file(file, "r");
    X509 *certificate = bio ? PEM_read_bio_X509(bio, NULL, no_password, NULL) : NULL;
    bool done = certificate && tls_thumbprint(certificate, out_text);
    X509_free(certificate);
    BIO_free(bio);
    return done ? RQ_OK : fail_openssl(error, RQ_INVALID, "no certificate in", file);
}

SSL *tls_session(rq_tls *tls, rq_io *io)
{
    ERR_clear_error();
    pthread_mutex_lock(&tls->lock);
    SSL *ssl = SSL_new(tls->current);
    pthread_mutex_unlock(&tls->lock);
    BIO *bio = ssl ? BIO_new(tls->socket_method) : NULL;
    if (!bio) {
        SSL_free(ssl);
        ERR_clear_error();
        return NULL;
    }
    BIO_set_data(bio, io);
    BIO_set_init(bio, 1);
    SSL_set_bio(ssl, bio, bio);
    return ssl;
}
