// NOT VERIFIED: written without an Android SDK at hand. Run native.sh first.
plugins {
    id("com.android.library") version "8.13.0"
    id("org.jetbrains.kotlin.android") version "2.4.21"
    `maven-publish`
}

group = "org.conclave"
version = "0.1.0"

android {
    namespace = "org.conclave.mls"
    compileSdk = 35
    defaultConfig {
        minSdk = 28
        consumerProguardFiles("consumer-rules.pro")
    }
    sourceSets.getByName("main") {
        kotlin.srcDirs("build/conclave/generated/kotlin", "../src/main/kotlin", "build/conclave/shared")
        jniLibs.srcDirs("build/conclave/jniLibs")
    }
    compileOptions {
        sourceCompatibility = JavaVersion.VERSION_11
        targetCompatibility = JavaVersion.VERSION_11
    }
    publishing.singleVariant("release") { withSourcesJar() }
}

kotlin.jvmToolchain(17)

// The sources of the JVM's package, without its store over JDBC, which Android does not have.
val shared by tasks.registering(Copy::class) {
    from("../../library/src/main/kotlin") { exclude("org/conclave/mls/sqlite/**") }
    into("build/conclave/shared")
}
tasks.named("preBuild") { dependsOn(shared) }

// For apps with C or C++ of their own: find_package(conclave), and conclave::conclave.
tasks.withType<Zip>().matching { it.name == "bundleReleaseAar" }.configureEach {
    from("build/conclave/prefab") { into("prefab") }
}

dependencies {
    api("net.java.dev.jna:jna:5.19.1@aar")
    compileOnly("org.jetbrains.kotlinx:kotlinx-coroutines-core:1.11.0")
}

publishing.publications.register<MavenPublication>("release") {
    artifactId = "conclave-mls-android"
    afterEvaluate { from(components["release"]) }
}
