#!/usr/bin/perl
# How nginx serves the console (conf/console): what is kept by browsers and what is not, the page's walls, what is packed,
# and what a new build leaves of the one before.
use lib 't/lib', 'scripts/lib';
use StockVerify::Test;
use Compress::Zlib ();
use File::Path 'make_path';
use File::Temp 'tempdir';
use Mojo::File ();
use Mojo::UserAgent;
use StockVerify::Process qw(spawn end_process);
use StockVerify::Reservation qw(reserve_port release_all);
use StockVerify::Parts;

my $base = tempdir(CLEANUP => 1, DIR => $ENV{STOCKVERIFY_TEST_RUNS});
my $site = "$base/site";

# A build of the console in the small: name => text.
sub build {
    my ($folder, %files) = @_;
    for my $name (keys %files) {
        my ($parent) = "$folder/$name" =~ m{^(.*)/};
        make_path($parent);
        write_file("$folder/$name", $files{$name});
        write_file("$folder/$name.gz", Compress::Zlib::memGzip($files{$name}));
        write_file("$folder/$name.br", 'packed by brotli');    # nginx does not look into it
    }
    return $folder;
}

sub install_build {
    my ($from) = @_;
    my $said = qx(scripts/install-console '$from' '$site/console' 2>&1);
    is $?, 0, 'installed' or diag $said;
    return;
}

my %page = (
    'index.html' => '<!doctype html><title>one</title>' . ' ' x 2000, 'sw.js' => 'self.one = 1;', 'manifest.webmanifest' => '{"name": "StockVerify"}',
    'assets/main-1.js' => 'one()', 'assets/scan-worker-1.js' => 'scan()', 'assets/reader-1.wasm' => "\0asm",
);
install_build(build("$base/one", %page));

my $port = reserve_port($base);
write_file("$base/nginx.conf", <<"END");
daemon off;
pid $base/nginx.pid;
error_log $base/error.log notice;
load_module @{[ StockVerify::Parts::brotli_module() ]};
@{[ $> == 0 ? 'user root;' : '' ]}
events {}
http {
    access_log off;
    @{[ map { "${_}_temp_path $base/$_;" } qw(client_body proxy fastcgi uwsgi scgi) ]}
    include $ENV{PWD}/conf/console/http.conf;
    server {
        listen 127.0.0.1:$port;
        location /console/ {
            root $site;
            include $ENV{PWD}/conf/console/location.conf;
            brotli_static on;
        }
    }
}
END
my $nginx = spawn([StockVerify::Parts::nginx_program(), '-p', "$base/", '-c', "$base/nginx.conf", '-e', "$base/error.log"], "$base/nginx.log");
END { local $?; end_process($nginx, 'QUIT', 20) if $nginx; release_all($base) if $base }
wait_until(sub { defined StockVerify::Parts::http_status($port, '/console/') }, 20, 'nginx');

my $ua = Mojo::UserAgent->new(max_redirects => 0);
sub get { my ($path, %headers) = @_; return $ua->get("http://127.0.0.1:$port$path" => \%headers)->result }

subtest 'what a browser keeps' => sub {
    for my $path ('/console/', '/console/index.html', '/console/sw.js', '/console/manifest.webmanifest', '/console/racks/R%201') {
        is get($path)->headers->header('Cache-Control'), 'no-cache', "$path is asked for anew";
    }
    is get('/console/assets/main-1.js')->headers->header('Cache-Control'), 'public, max-age=31536000, immutable', 'a hashed file never';
    my $etag = get('/console/sw.js')->headers->etag;
    is get('/console/sw.js', 'If-None-Match' => $etag)->code, 304, 'and nothing is sent twice';
};

subtest 'a page of the app has an address of its own' => sub {
    my $answer = get('/console/counts/42/review');
    is $answer->code, 200, 'found';
    like $answer->body, qr/<title>one/, 'it is the app';
    like $answer->headers->content_type, qr{^text/html; charset=utf-8}i, 'as HTML';
    is get('/console/assets/main-0.js')->code, 404, 'but a file of a build that is gone is none';
    is get("/console/$_")->code, 404, "nor is $_ the page" for qw(scan-worker-0.js none.wasm none.webmanifest);
    unlike get('/console/assets/main-0.js')->body, qr/<title>one/, 'nor the page in its place';
};

subtest 'types' => sub {
    my %type = ('manifest.webmanifest' => 'application/manifest+json', 'assets/reader-1.wasm' => 'application/wasm', 'sw.js' => 'text/javascript');
    like get("/console/$_")->headers->content_type, qr/^\Q$type{$_}\E/, $_ for sort keys %type;
};

subtest 'what was packed by brotli goes to who takes that' => sub {
    my $packed = $ua->get("http://127.0.0.1:$port/console/", { 'Accept-Encoding' => 'gzip, br' })->result;
    is $packed->headers->header('Content-Encoding'), 'br', 'br';
    is $packed->body, 'packed by brotli', 'its bytes';
    like $packed->headers->content_type, qr{^text/html}, 'still a page';
};

subtest 'what was packed is sent packed' => sub {
    my $answer = $ua->build_tx(GET => "http://127.0.0.1:$port/console/", { 'Accept-Encoding' => 'gzip' });
    $answer->res->content->auto_decompress(0);
    my $packed = $ua->start($answer)->result;
    is $packed->headers->header('Content-Encoding'), 'gzip', 'gzip';
    cmp_ok length $packed->body, '<', 300, 'small';
    is $packed->headers->header('Vary'), 'Accept-Encoding', 'and caches between are told';
    is $packed->headers->header('Content-Security-Policy'), get('/console/')->headers->header('Content-Security-Policy'), 'with the same walls';
};

subtest 'the walls' => sub {
    for my $path (qw(/console/ /console/some/page /console/sw.js /console/assets/main-1.js /console/assets/none.js)) {
        my $headers = get($path)->headers;
        my %rule = map { my ($name, $value) = split ' ', $_, 2; ($name => $value // '') } split /;\s*/, $headers->header('Content-Security-Policy') // '';
        is $rule{'default-src'}, q('none'), "$path: nothing from anywhere";
        is $rule{'script-src'}, q('self'), "$path: scripts of its own alone";
        is $rule{'frame-ancestors'}, q('none'), "$path: in no frame";
        is $rule{'require-trusted-types-for'}, q('script'), "$path: trusted types";
        is $rule{'trusted-types'}, 'sv', "$path: of one policy";
        is $headers->header('X-Content-Type-Options'), 'nosniff', "$path: nosniff";
        is $headers->header('Cross-Origin-Opener-Policy'), 'same-origin', "$path: no opener";
        is $headers->header('Referrer-Policy'), 'no-referrer', "$path: no referrer";
        like $headers->header('Permissions-Policy'), qr/camera=\(self\).*microphone=\(\)/, "$path: the camera is its own";
        is $headers->header('Strict-Transport-Security'), undef, "$path: over plain http no HSTS";
    }
    like get('/console/assets/scan-worker-1.js')->headers->header('Content-Security-Policy'), qr/script-src 'self' 'wasm-unsafe-eval';/,
        'the worker that reads pictures may compile WebAssembly';
    unlike get('/console/scan-worker/page')->headers->header('Content-Security-Policy'), qr/wasm/, 'a page that is called so may not';
};

subtest 'a new build' => sub {
    my $build = sub {
        my ($number) = @_;
        install_build(build("$base/build$number", 'index.html' => "<title>$number</title>", 'sw.js' => $number, "assets/main-$number.js" => $number, "scan-worker-$number.js" => "scan $number"));
        return;
    };
    $build->(2);
    like get('/console/')->body, qr/<title>2/, 'is served at once';
    is get('/console/assets/main-1.js')->body, 'one()', 'beside what an open page of the old one asks for';
    $build->(2) for 1 .. 3;
    is get('/console/assets/main-1.js')->code, 200, 'the same build again makes no difference';
    $build->(3);
    is get('/console/assets/main-1.js')->code, 200, 'three builds stay';
    $build->(4);
    is get('/console/assets/main-1.js')->code, 404, 'and no more';
    is get("/console/assets/main-$_.js")->body, $_, "build $_ is there" for 2 .. 4;
    is get("/console/scan-worker-$_.js")->body, "scan $_", "with its worker" for 2 .. 4;
    $build->(5);
    is get('/console/scan-worker-2.js')->code, 404, 'a worker goes with its build';
    is get("/console/scan-worker-$_.js")->code, 200, "that of build $_ stays" for 3 .. 5;
    ok -s "$site/console/.builds/000005", 'builds are noted';
    is get('/console/.builds/000005')->code, 404, 'for nobody outside';
};

subtest 'beside builds of an installation that noted assets alone' => sub {
    for my $number (3 .. 5) {
        my $list = Mojo::File->new("$site/console/.builds/00000$number")->slurp;
        write_file("$site/console/.builds/00000$number", join '', map { s{^\./assets/}{./}r } grep { m{^\./assets/} } split /(?<=\n)/, $list);
    }
    install_build(build("$base/build6", 'index.html' => '<title>6', 'sw.js' => 6, 'assets/main-6.js' => 6, 'scan-worker-6.js' => 6));
    is get("/console/assets/main-$_.js")->code, $_ == 3 ? 404 : 200, "its files are told apart ($_)" for 3 .. 6;
    is get('/console/scan-worker-4.js')->code, 200, 'and workers stay that may still be asked for';
};

done_testing;
